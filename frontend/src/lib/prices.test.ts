import { describe, expect, it } from "vitest";
import { priceLines, priceText, priceWire } from "./prices";

const columns = ["input", "cached", "output"];

describe("a price table as text", () => {
  it("reads a line a model", () => {
    expect(priceLines("small 0.4 0.1 1.6\nlarge 2 0.5 8", columns)).toEqual([
      { model: "small", prices: ["0.4", "0.1", "1.6"] },
      { model: "large", prices: ["2", "0.5", "8"] },
    ]);
  });
  it("keeps rows that are not filled in yet, in their order", () => {
    const rows = [
      { model: "", prices: ["", "", "3"] },
      { model: "m", prices: ["1", "", ""] },
    ];
    expect(priceLines(priceText(rows, columns), columns)).toEqual(rows);
  });
  it("sends no row without a name, and 0 for a price that is empty", () => {
    expect(
      priceWire(
        priceText(
          [
            { model: "", prices: ["1", "1", "1"] },
            { model: "m", prices: ["1", "", "x"] },
          ],
          columns,
        ),
        columns,
      ),
    ).toBe("m 1 0 x");
  });
  it("is empty where there is none", () => {
    expect(priceLines("", columns)).toEqual([]);
    expect(priceWire("", columns)).toBe("");
  });
});
