import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Cell, Job, Notebook, Sweep, SweepPoint } from "../../lib/api.gen";
import { App, AppContext } from "../../lib/app";
import { FakeTransport } from "../../lib/fake-transport";
import { notebookRoute } from "../../lib/route";
import NotebookScreen from "./NotebookScreen";

let root: Root;
let host: HTMLElement;

beforeEach(() => {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
  // No chart comes near the window, so that none is drawn.
  vi.stubGlobal(
    "IntersectionObserver",
    class {
      observe() {}
      disconnect() {}
    },
  );
  host = document.body.appendChild(document.createElement("div"));
  root = createRoot(host);
});
afterEach(() => {
  act(() => root.unmount());
  host.remove();
  vi.unstubAllGlobals();
});

const cell = (part: Partial<Cell>): Cell => ({
  id: "",
  kind: "prose",
  name: "",
  source: "",
  html: "",
  value: {},
  choice: "",
  kinds: null,
  fields: null,
  line: 1,
  hash: "h",
  good: "",
  ...part,
});
const notebook: Notebook = {
  path: "mine/a.md",
  title: "A question",
  paper: "p",
  revision: 3,
  read_only: false,
  saved_ms: 1,
  problems: null,
  metrics: null,
  can_undo: true,
  can_redo: false,
  clash: false,
  writer: "",
  cells: [
    cell({ id: "arms", kind: "arms", value: { lstm: {} } }),
    cell({ id: "run", kind: "run", value: { budget: "fast" } }),
    cell({ id: "sweep-halve", kind: "sweep", name: "halve", source: "name: halve\nkind: halving\n" }),
  ],
};
const plan = {
  total: 8,
  unchanged: 3,
  todo: 5,
  partial: 0,
  seconds_lo: 0,
  seconds_hi: 0,
  basis: "",
  label: "Run 5 of 8",
};
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
const job: Job = {
  id: "j1",
  why: "",
  path: "mine/a.md",
  title: "A question",
  budget: "fast",
  sweep: "halve",
  state: "running",
  runs: [],
  part: false,
  ahead: 2,
  done: 0,
  failed: 0,
  share: 0.25,
  left_lo: 190,
  left_hi: 290,
  error: null,
  start_ms: 1,
};

async function open(sweepAnswer: Sweep = sweep) {
  const operated = vi.fn(() => ({ notebook }));
  const transport = new FakeTransport({
    notebook,
    plan,
    job,
    sweep: sweepAnswer,
    results: {
      verdicts: null,
      table: { columns: null, rows: null },
      recorded: "",
      budget: "fast",
      early: false,
    },
    "notebook/op": operated,
  });
  const app = new App(transport);
  await act(async () => {
    root.render(
      <AppContext.Provider value={app}>
        <NotebookScreen route={notebookRoute("mine/a.md")} />
      </AppContext.Provider>,
    );
  });
  return { transport, app };
}

const inCell = () => host.querySelector("#cell-sweep-halve") as HTMLElement;

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
  expect(host.querySelector("#cell-run .job")).toBeNull();
});

test("the values of a point go into its arm", async () => {
  const { transport } = await open();
  const use = inCell().querySelector<HTMLButtonElement>(
    'button[aria-label="use the values of point 1 for lstm"]',
  );
  await act(async () => use?.click());
  const sent = transport.sent.filter((s) => s.path === "notebook/op").map((s) => s.body);
  expect(sent).toMatchObject([
    { type: "set-field", cell: "arms", field: "lstm/rl.rate", value: 0.003 },
    { type: "set-field", cell: "arms", field: "lstm/agent.width", value: 32 },
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
