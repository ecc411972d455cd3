import { expect, test } from "vitest";
import type { Cell, Notebook, Sweep, SweepPoint } from "./api.gen";
import { judgedBy, rungsOf, settings, standing } from "./sweep";

const point = (part: Partial<SweepPoint>): SweepPoint => ({
  arm: "lstm",
  point: 0,
  values: [0.003, "fixed"],
  rank: 1,
  best: false,
  state: "complete",
  score: "0.9",
  rung: 0,
  resource: 0,
  done: 2,
  runs: 2,
  ...part,
});
const sweep: Sweep = {
  name: "s",
  kind: "halving",
  metric: "success",
  unit: "",
  better: "higher",
  seeds: [0, 1],
  knobs: ["rl.rate", "world.regime"],
  resource: "rl.steps",
  rungs: [
    { points: 9, resource: 100 },
    { points: 3, resource: 300 },
  ],
  points: [],
  plan: {
    total: 0,
    unchanged: 0,
    todo: 0,
    partial: 0,
    seconds_lo: 0,
    seconds_hi: 0,
    basis: "",
    label: "",
  },
  early: false,
};
const book = (cells: Partial<Cell>[]) => ({ cells }) as unknown as Notebook;

test("a point says in a shape and in words how it stands", () => {
  expect(standing(point({ best: true }))).toEqual({ mark: "★", word: "best, complete" });
  expect(standing(point({ state: "incomplete", done: 1 })).word).toBe("incomplete: 1 of 2 runs");
  expect(standing(point({ state: "dropped" })).mark).toBe("×");
});

test("a point's values go into its arm", () => {
  const arms = { id: "arms", kind: "arms", value: { lstm: {}, gru: {} } };
  expect(settings(book([arms]), sweep, point({}))).toEqual([
    {
      type: "set-fields",
      cell: "arms",
      fields: [
        { field: "lstm/rl.rate", value: 0.003 },
        { field: "lstm/world.regime", value: "fixed" },
      ],
    },
  ]);
  expect(settings(book([arms]), sweep, point({ arm: "gone" }))).toBeUndefined();
});

test("without arms they go into the set-up, a kind before the knobs that it has", () => {
  const cells = [
    { id: "rl", kind: "rl" },
    { id: "agent", kind: "agent" },
  ];
  const kinds = { ...sweep, knobs: ["rl.rate", "agent.width", "agent.kind"] };
  expect(settings(book(cells), kinds, point({ arm: "base", values: [0.1, 8, "gru"] }))).toEqual([
    { type: "set-fields", cell: "rl", fields: [{ field: "rate", value: 0.1 }] },
    {
      type: "set-fields",
      cell: "agent",
      fields: [
        { field: "kind", value: "gru" },
        { field: "width", value: 8 },
      ],
    },
  ]);
  expect(settings(book([cells[0] ?? {}]), kinds, point({ values: [0.1, 8, "gru"] }))).toBeUndefined();
});

test("it says what ranks the points and what the rungs are", () => {
  expect(judgedBy(sweep)).toBe("ranked by the mean of the last success over 2 seeds, higher is better");
  expect(rungsOf(sweep)).toBe("points of each arm by rung of rl.steps: 9 with 100, then the best 3 with 300");
  expect(rungsOf({ ...sweep, rungs: [{ points: 9, resource: 0 }] })).toBe("");
  expect(judgedBy({ ...sweep, metric: "" })).toContain("nothing is ranked");
});
