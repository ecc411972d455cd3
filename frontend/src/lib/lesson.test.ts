import { expect, test } from "vitest";
import type { Cell, Episode, FormField, LessonResult } from "./api.gen";
import { lane, lessonKnobs, phaseOf, verdictOn } from "./lesson";

const result = (part: Partial<LessonResult>): LessonResult => ({
  done: true,
  arms: [
    { arm: "value", values: [0.2, 0.25], mean: 0.225, keys: [] },
    { arm: "similarity", values: [0.15, 0.15], mean: 0.15, keys: [] },
  ],
  winner: "value",
  sentence: "",
  caution: "2 seeds: a hint, not proof",
  ...part,
});

test("a lesson asks first, then runs, then answers", () => {
  expect(phaseOf("", result({}))).toBe("ask");
  expect(phaseOf("value", undefined)).toBe("run");
  expect(phaseOf("value", result({ done: false }))).toBe("run");
  expect(phaseOf("value", result({}))).toBe("result");
});

test("the guess is held against what came out", () => {
  expect(verdictOn("value", result({}))).toBe(
    "You said value, and here value is ahead: value 0.23, similarity 0.15.",
  );
  expect(verdictOn("similarity", result({}))).toMatch(/^You said similarity, but here value is ahead/);
  expect(verdictOn("value", result({ winner: "" }))).toMatch(/^Neither is ahead/);
});

test("a lane shows the newest training episodes, oldest first", () => {
  const episode = (id: number, split: string) => ({ id, split }) as Episode;
  const all = [episode(3, "train"), episode(2, "held-out"), episode(1, "train"), episode(4, "train")];
  expect(lane(all, 2).map((e) => e.id)).toEqual([3, 4]);
});

test("a lesson shows the knobs of its address, else the paper's own", () => {
  const field = (path: string) => ({ field: { path } }) as FormField;
  const cells = [
    { id: "memory", kind: "memory", fields: [field("lambda"), field("k2")] },
    { id: "rl", kind: "rl", fields: [field("epochs")] },
  ] as Cell[];
  const names = (lesson: string) =>
    lessonKnobs(cells, lesson, ["memory.lambda"]).map((k) => `${k.cell} ${k.field.field.path}`);
  expect(names("paper")).toEqual(["memory lambda"]);
  expect(names("memory.k2 rl.epochs memory.none")).toEqual(["memory k2", "rl epochs"]);
});
