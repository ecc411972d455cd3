import { expect, test } from "vitest";
import { outlinePath, rangeOf } from "./outlines";

test("outlines share one range, so that rows can be compared", () => {
  const list = [
    { key: "a", xy: [0, 0, 10, 1], points: 2 },
    { key: "b", xy: [5, -1], points: 1 },
  ];
  const range = rangeOf(list);
  expect(range).toEqual({ x0: 0, x1: 10, y0: -1, y1: 1 });
  expect(outlinePath([0, 0, 10, 1], { width: 100, height: 20 }, range)).toBe("M0.0 10.0L100.0 0.0");
  expect(outlinePath([], { width: 100, height: 20 }, range)).toBe("");
});

test("a flat line does not divide by zero", () => {
  const range = rangeOf([{ key: "a", xy: [3, 2], points: 1 }]);
  expect(outlinePath([3, 2], { width: 100, height: 20 }, range)).toBe("M0.0 20.0");
});
