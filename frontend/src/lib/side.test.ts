import { expect, test } from "vitest";
import type { RunRow, Stale } from "./api.gen";
import { armsIn, armStates, moreSeeds, seedsToAdd } from "./side";
import { fenceAt, suggest, type Spec } from "./complete";

const run = (arm: string, state: string, size?: number) =>
  ({
    key: `${arm}-${state}`,
    arm,
    state,
    final: size === undefined ? null : { memory_size: size },
  }) as unknown as RunRow;

test("an arm shows its trouble first, then what moves; old results are stale", () => {
  const runs = [
    run("a", "done", 10),
    run("a", "running"),
    run("b", "done", 4),
    run("b", "done", 6),
    run("c", "failed"),
  ];
  const stale = { fields: [], runs: [{ arm: "b", case: "", with: "memory.lambda 0.3" }] } as Stale;
  const rows = armStates(["a", "b", "c", "d"], runs, stale);
  expect(rows.map((r) => r.state)).toEqual(["running", "stale", "failed", ""]);
  expect(rows.map((r) => r.words)).toEqual([
    "1 running, 1 done",
    "made with memory.lambda 0.3",
    "1 failed",
    "no run yet",
  ]);
  expect(rows[0]?.key).toBe("a-running");
  expect(rows[1]?.entries).toBe(5);
});

test("more seeds follow those that the notebook names", () => {
  expect(moreSeeds("5", 3)).toBe("8");
  expect(moreSeeds("100-104", 3)).toBe("100-104,105-107");
  expect(moreSeeds("0,7", 1)).toBe("0,7,8");
});

test("a claim that would need very many seeds gets five at a time", () => {
  expect([seedsToAdd(8, 5), seedsToAdd(930, 20), seedsToAdd(3, 5)]).toEqual([3, 5, 0]);
});

test("an expression names its arms by whole words", () => {
  expect(armsIn("last(success, value) - last(success, value-only)", ["value", "value-only", "only"])).toEqual(
    ["value", "value-only"],
  );
});

const word = (label: string) => ({ label, detail: "", info: "" });
const spec: Spec = {
  keys: [
    { ...word("kind"), values: [word("lstm"), word("gru")], free: false },
    { ...word("value"), values: [], free: true },
    { ...word("width"), values: [], free: false },
  ],
  words: [word("success")],
};

test.each([
  ["", "kind value width"],
  ["wi", "kind value width"],
  ["kind: ", "lstm gru"],
  ["kind: l", "lstm gru"],
  ["value: last(su", "success"],
  ["width: ", undefined],
  ["{kind: lstm, ", "kind value width"],
])("the line %j is offered %s", (line, offered) => {
  expect(
    suggest(line, spec)
      ?.words.map((w) => w.label)
      .join(" "),
  ).toBe(offered);
});

test("the cursor knows the cell that it stands in", () => {
  expect(fenceAt("# A\n\n```yaml memory\nkind: x\n")).toBe("memory");
  expect(fenceAt("```yaml memory\nkind: x\n```\ntext")).toBe("");
});
