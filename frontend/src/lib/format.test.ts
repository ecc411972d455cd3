import { describe, expect, test } from "vitest";
import { age, duration, number, percent, shown, timeLeft } from "./format";

describe("time left", () => {
  test.each([
    ["nobody knows yet", -1, -1, "time left not known yet"],
    ["a NaN is not known either", NaN, 10, "time left not known yet"],
    ["under five seconds there is no range", 1, 4, "a few seconds left"],
    ["seconds go in steps of five", 21, 33, "20 to 35 s left"],
    ["a range that begins below its step says so", 2, 28, "under 30 s left"],
    ["minutes are whole", 190, 290, "3 to 5 min left"],
    ["equal ends are one number", 240, 240, "about 4 min left"],
    ["long work goes in half hours", 5000, 9000, "1 to 2.5 h left"],
  ])("%s", (_, lo, hi, want) => expect(timeLeft(lo, hi)).toBe(want));
});

describe("numbers", () => {
  test.each([
    ["a gap is a dash", "NaN" as const, "–"],
    ["infinity has its sign", "-Inf" as const, "−∞"],
    ["zero is zero", 0, "0"],
    ["a share keeps two places", 0.614, "0.61"],
    ["a small share keeps three", 0.0614, "0.061"],
    ["tiny values are written with an exponent", 0.0003, "3.0e−4"],
    ["thousands stand apart", 1234567, "1,234,567"],
    ["minus is a minus sign", -0.5, "−0.50"],
  ])("%s", (_, value, want) => expect(shown(value)).toBe(want));

  test("strings of Go become numbers", () => {
    expect(number("+Inf")).toBe(Infinity);
    expect(number(null)).toBeNaN();
  });

  test("100 % is only said at the end", () => {
    expect(percent(0.9999)).toBe("99 %");
    expect(percent(1)).toBe("100 %");
  });
});

test("fresh news has no age, old news has", () => {
  expect(age(1000, 2500)).toBe("");
  expect(age(1000, 13_000)).toBe("12 s ago");
  expect(age(0, 13_000)).toBe("");
});

test("durations choose their unit", () => {
  expect([8, 75, 600, 7200].map(duration)).toEqual(["8 s", "75 s", "10 min", "2 h"]);
});
