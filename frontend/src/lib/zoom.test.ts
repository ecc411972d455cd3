import { expect, test } from "vitest";
import { byKey, isWhole, panned, within, zoomed } from "./zoom";

const whole = { from: 0, to: 1000 };

test("zooming keeps the place under the pointer and the edges of the whole", () => {
  expect(zoomed(whole, whole, 0.5, 250)).toEqual({ from: 125, to: 625 });
  expect(zoomed({ from: 125, to: 625 }, whole, 2, 250)).toEqual(whole);
  expect(zoomed({ from: 0, to: 100 }, whole, 3, 0)).toEqual({ from: 0, to: 300 });
  expect(zoomed({ from: 500, to: 502 }, whole, 0.1)).toEqual({ from: 500, to: 502 });
});

test("moving stops at the edges with its width kept", () => {
  expect(panned({ from: 100, to: 300 }, whole, 0.5)).toEqual({ from: 200, to: 400 });
  expect(panned({ from: 100, to: 300 }, whole, -5)).toEqual({ from: 0, to: 200 });
  expect(panned({ from: 100, to: 300 }, whole, 50)).toEqual({ from: 800, to: 1000 });
});

test("a view wider than everything shows everything", () => {
  expect(within({ from: -500, to: 5000 }, whole)).toEqual(whole);
  expect(isWhole(whole, whole)).toBe(true);
  expect(isWhole({ from: 1, to: 1000 }, whole)).toBe(false);
});

test("keys zoom, move and show everything; others do nothing", () => {
  expect(byKey("+", whole, whole)).toEqual({ from: 250, to: 750 });
  expect(byKey("-", { from: 250, to: 750 }, whole)).toEqual(whole);
  expect(byKey("ArrowRight", { from: 200, to: 400 }, whole)).toEqual({ from: 250, to: 450 });
  expect(byKey("0", whole, whole)).toBe("whole");
  expect(byKey("x", whole, whole)).toBeUndefined();
});
