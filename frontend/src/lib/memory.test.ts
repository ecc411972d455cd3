import { expect, it } from "vitest";
import { hitTable } from "./memory";

it("gives each part of a score a column, and says of a near miss why it was not used", () => {
  const t = hitTable([
    { entry: "7", rank: 1, score: 0.5, parts: { value: 0.25, similarity: 0.25 }, used: true },
    { entry: "3", rank: 2, score: 0.25, parts: { similarity: 0.25 }, used: false, why: "below gate" },
  ]);
  expect(t.columns).toEqual(["rank", "entry", "score", "similarity", "value", "in the prompt"]);
  expect(t.rows).toEqual([
    ["1", "7", "0.50", "0.25", "0.25", "yes"],
    ["2", "3", "0.25", "0.25", "–", "no: below gate"],
  ]);
});
