import { act } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Sweep, SweepPoint } from "../../lib/api.gen";
import { fakeCell, fakeJob, fakeNotebook, fakePlan, fakeResults, openNotebook, stage } from "./fake-notebook";

const { host, root } = stage();

// No chart comes near the window, so that none is drawn.
beforeEach(() =>
  vi.stubGlobal(
    "IntersectionObserver",
    class {
      observe() {}
      disconnect() {}
    },
  ),
);
afterEach(() => vi.unstubAllGlobals());

const notebook = fakeNotebook([
  fakeCell({ id: "arms", kind: "arms", value: { lstm: {} } }),
  fakeCell({ id: "run", kind: "run", value: { budget: "fast" } }),
  fakeCell({ id: "sweep-halve", kind: "sweep", name: "halve", source: "name: halve\nkind: halving\n" }),
]);
const plan = fakePlan({ total: 8, unchanged: 3, todo: 5, label: "Run 5 of 8" });
const point = (part: Partial<SweepPoint>): SweepPoint => ({
  arm: "lstm",
  point: 0,
  values: [0.003, 32],
  rank: 1,
  best: false,
  state: "complete",
  score: "0.900",
  rung: 1,
  resource: 300,
  done: 2,
  runs: 2,
  ...part,
});
const sweep: Sweep = {
  name: "halve",
  kind: "halving",
  metric: "success",
  unit: "share",
  better: "higher",
  seeds: [0, 1],
  knobs: ["rl.rate", "agent.width"],
  resource: "rl.steps",
  rungs: [
    { points: 3, resource: 100 },
    { points: 1, resource: 300 },
  ],
  points: [
    point({ best: true }),
    point({
      point: 1,
      values: [0.001, 8],
      rank: 2,
      state: "dropped",
      score: "0.500",
      rung: 0,
      resource: 100,
    }),
    point({
      point: 2,
      values: [0.03, 64],
      rank: 0,
      state: "failed",
      score: "-",
      rung: 0,
      resource: 100,
      done: 1,
    }),
  ],
  plan,
  early: true,
};
const job = fakeJob({ sweep: "halve", ahead: 2, share: 0.25 });

const open = (answer: Sweep = sweep) =>
  openNotebook(root(), {
    notebook,
    plan,
    job,
    sweep: answer,
    results: fakeResults(),
    "notebook/op": () => ({ notebook }),
  });

const inCell = () => host().querySelector("#cell-sweep-halve") as HTMLElement;

test("a sweep shows its points best first, each with a word for how it stands", async () => {
  await open();
  const rows = [...inCell().querySelectorAll("tbody tr")].map((r) => r.textContent ?? "");
  expect(rows).toHaveLength(3);
  expect(rows[0]).toContain("0.003");
  expect(rows[0]).toContain("best, complete");
  expect(rows[1]).toContain("dropped");
  expect(rows[2]).toContain("failed");
  expect(inCell().textContent).toContain("3 with 100, then the best 1 with 300");
  expect(inCell().querySelectorAll("figure.chart")).toHaveLength(2);
});

test("its button runs the sweep, and its bar covers the rungs that are to come", async () => {
  const { transport, app } = await open();
  const button = [...inCell().querySelectorAll("button")].find((b) => b.textContent === "Run 5 of 8");
  await act(async () => button?.click());
  expect(transport.sent.find((s) => s.path === "job")?.body).toEqual({
    budget: "fast",
    seeds: "",
    arms: [],
    cases: [],
    sweep: "halve",
  });
  expect(app.jobs.get().map((j) => j.id)).toEqual(["j1"]);
  expect(inCell().querySelector(".job")?.textContent).toContain("2 in rungs that are to come");
  expect(host().querySelector("#cell-run .job")).toBeNull();
});

test("the values of a point go into its arm", async () => {
  const { transport } = await open();
  const use = inCell().querySelector<HTMLButtonElement>(
    'button[aria-label="use the values of point 1 for lstm"]',
  );
  await act(async () => use?.click());
  const sent = transport.sent.filter((s) => s.path === "notebook/op").map((s) => s.body);
  expect(sent).toMatchObject([
    {
      type: "set-fields",
      cell: "arms",
      fields: [
        { field: "lstm/rl.rate", value: 0.003 },
        { field: "lstm/agent.width", value: 32 },
      ],
    },
  ]);
});

test("a sweep that never ran says what will be there", async () => {
  const nothing = (sweep.points ?? []).map((p) => ({
    ...p,
    state: "incomplete",
    done: 0,
    rank: 0,
    best: false,
  }));
  await open({ ...sweep, points: nothing });
  expect(inCell().textContent).toContain("Points appear here once the sweep runs.");
  expect(inCell().querySelector("table")).toBeNull();
});
