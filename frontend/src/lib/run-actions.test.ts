import { expect, test } from "vitest";
import type { RunRow } from "./api.gen";
import { amounts, failures, firstEpisodeIn, nextSeeds } from "./run-actions";

const row = (seed: number, more: Partial<RunRow> = {}): RunRow => ({
  key: `k${seed}`,
  arm: "a",
  case: "",
  seed,
  budget: "fast",
  state: "done",
  done: 0,
  total: 0,
  unit: "",
  start_ms: 0,
  heard_ms: 0,
  target: "",
  where: "",
  there_ms: 0,
  quiet: 30,
  redone: 0,
  seconds: 0,
  error: "",
  hint: "",
  final: null,
  ...more,
});

test("new seeds follow the greatest one", () => {
  expect(nextSeeds([row(0), row(4), row(2)], 3)).toBe("5-7");
  expect(nextSeeds([], 1)).toBe("0-0");
  expect(nextSeeds([row(104)], 2)).toBe("105-106");
});

test("work is summed up by unit, and runs that wait count with the mean of the others", () => {
  const rows = [
    row(0, { done: 100, total: 100, unit: "episodes" }),
    row(1, { done: 20, total: 100, unit: "episodes" }),
    row(2),
  ];
  expect(amounts(rows)).toEqual([{ unit: "episodes", done: 120, total: 300 }]);
  expect(amounts([])).toEqual([]);
});

test("failures are counted by cause, whatever numbers stand in it", () => {
  const bad = (seed: number, error: string) => row(seed, { state: "failed", error, hint: "h" });
  expect(
    failures([
      row(0),
      bad(1, "disk full"),
      bad(2, "loss is NaN at update 12"),
      bad(3, "loss is NaN at update 9"),
    ]),
  ).toEqual([
    { cause: "loss is NaN at update 12", hint: "h", seeds: [2, 3] },
    { cause: "disk full", hint: "h", seeds: [1] },
  ]);
});

test("the first episode is expected after as long as one of the other seeds takes", () => {
  const other = row(1, { unit: "episodes", done: 10, seconds: 80 });
  expect(firstEpisodeIn(row(0, { state: "running", seconds: 2 }), [other])).toBe(6);
  expect(
    firstEpisodeIn(row(0, { state: "running" }), [row(1, { unit: "steps", done: 5, seconds: 9 })]),
  ).toBeUndefined();
  expect(firstEpisodeIn(row(0, { state: "done" }), [other])).toBeUndefined();
});
