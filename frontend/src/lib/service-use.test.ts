import { expect, it } from "vitest";
import type { RunUsed } from "./api.gen";
import { dollars, serviceFacts } from "./service-use";

const used: RunUsed = {
  service: "near",
  model: "small-1b",
  calls: 12,
  input: 12345,
  output: 678,
  trained: 9012,
  waited: 200,
  queued: 12,
  told: true,
  priced: true,
  dollars: 0.0123,
};

it("tells what a run used at its service in numbers and dollars", () => {
  expect(serviceFacts(used)).toEqual([
    ["tokens in", "12,345"],
    ["tokens out", "678"],
    ["tokens trained", "9,012"],
    ["waited for it", "3 min"],
    ["in its queue", "12 s of that"],
    ["cost", "0.0123 dollars"],
  ]);
});

it("says what is not known and does not take it for nothing", () => {
  const facts = Object.fromEntries(
    serviceFacts({ ...used, told: false, priced: false, dollars: 0, queued: 0 }),
  );
  expect(facts["in its queue"]).toBe("the service does not tell");
  expect(facts.cost).toBe("no price is set");
});

it("does not show small sums as nothing", () => {
  expect(dollars(0.000001)).toBe("under 0.0001 dollars");
  expect(dollars(0)).toBe("0 dollars");
  expect(dollars(12.345)).toBe("12.35 dollars");
});
