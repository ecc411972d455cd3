import { expect, it } from "vitest";
import type { Context, Hit, Lanes, Step } from "./api.gen";
import { chance, splitNumbers, wholeChance, wordChances } from "./inspect-answer";
import { formulaOf, gateOf, layoutHits, partWords, signed } from "./inspect-hits";
import { columnAt, columnsOf, memoryMarks, memoryWords } from "./inspect-lanes";
import { diffLines, exactText, newsOf } from "./inspect-text";

function lanes(n: number, per: number): Lanes {
  const at = (f: (c: number) => number) => Array.from({ length: n }, (_, c) => f(c));
  return {
    per,
    reward_lo: at((c) => (c === 3 ? -2 : 0)),
    reward_hi: at((c) => (c === n - 1 ? 1 : 0)),
    context: at((c) => (c === 5 ? 300 : 10)),
    limit: at(() => 384),
    dropped: at((c) => (c === 6 ? 4 : 0)),
    reads: at(() => 1),
    writes: at((c) => (c === 2 ? 3 : 0)),
    changes: at(() => 0),
    deletes: at(() => 0),
    errors: at((c) => (c === 7 ? 1 : 0)),
    turns: at(() => 0),
    sentence: "",
  };
}

it("joins columns without losing an extreme or a count", () => {
  for (const most of [1, 3, 7, 50, 2000]) {
    const columns = columnsOf(lanes(2000, 50), 99_990, most, []);
    expect(columns.length).toBeLessThanOrEqual(most);
    expect(Math.min(...columns.map((c) => c.lo))).toBe(-2);
    expect(Math.max(...columns.map((c) => c.hi))).toBe(1);
    expect(Math.max(...columns.map((c) => c.context))).toBe(300);
    expect(Math.max(...columns.map((c) => c.dropped))).toBe(4);
    expect(columns.reduce((sum, c) => sum + c.reads, 0)).toBe(2000);
    expect(columns.reduce((sum, c) => sum + c.writes, 0)).toBe(3);
    expect(columns.reduce((sum, c) => sum + c.errors, 0)).toBe(1);
    expect(columns[0]?.from).toBe(0);
    expect(columns[columns.length - 1]?.to).toBe(99_990);
    columns.forEach((c, i) => i > 0 && expect(c.from).toBe(columns[i - 1]?.to));
  }
});

it("finds the column of every step", () => {
  const columns = columnsOf(lanes(2000, 50), 99_990, 300, []);
  for (const t of [0, 49, 50, 349, 350, 50_000, 99_989]) {
    const column = columns[columnAt(columns, t)];
    expect(column && column.from <= t && t < column.to).toBe(true);
  }
  expect(columnAt([], 3)).toBe(-1);
});

it("leaves a gap where no step was kept", () => {
  const gap = { ...lanes(2, 1), reward_lo: ["NaN" as const, 1], reward_hi: ["NaN" as const, 1] };
  const [first, second] = columnsOf(gap, 2, 10, []);
  expect(first?.lo).toBeNaN();
  expect(second?.lo).toBe(1);
  expect(columnsOf(gap, 2, 1, [])[0]?.hi).toBe(1);
});

it("marks what the memory did with the marks of the lists", () => {
  const c = { reads: 2, writes: 1, changes: 1, deletes: 1 };
  expect(memoryWords(c)).toBe("2 reads, 1 write, 1 change, 1 deleted");
  const [column] = columnsOf(
    { ...lanes(1, 1), ...{ reads: [2], writes: [1], changes: [1], deletes: [1] } },
    1,
    9,
    [],
  );
  expect(column && memoryMarks(column)).toEqual({ above: "*", below: "+~x" });
});

it("compares lines so that as many as possible stay", () => {
  const show = (a: string, b: string) =>
    diffLines([...a], [...b])
      .map((l) => ({ same: "", new: "+", gone: "-" })[l.kind] + l.text)
      .join(" ");
  expect(show("abc", "abc")).toBe("a b c");
  expect(show("abc", "axc")).toBe("a -b +x c");
  expect(show("", "ab")).toBe("+a +b");
  expect(show("abcd", "bcde")).toBe("-a b c d +e");
  expect(show("aXbYc", "abZc")).toBe("a -X b -Y +Z c");
});

it("rebuilds both sides from the lines of a comparison", () => {
  let seed = 7;
  const next = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
  for (let i = 0; i < 200; i++) {
    const a = Array.from({ length: Math.floor(next() * 9) }, () => "abc"[Math.floor(next() * 3)] ?? "a");
    const b = Array.from({ length: Math.floor(next() * 9) }, () => "abc"[Math.floor(next() * 3)] ?? "a");
    const lines = diffLines(a, b);
    expect(lines.filter((l) => l.kind !== "new").map((l) => l.text)).toEqual(a);
    expect(lines.filter((l) => l.kind !== "gone").map((l) => l.text)).toEqual(b);
  }
});

const context = (blocks: Context["blocks"]): Context => ({ episode: 1, t: 1, limit: 9, blocks });

it("says of each block what became of it", () => {
  const before = context([
    { name: "task", text: "a\n", count: 2 },
    { name: "memory", text: "x\n", count: 1 },
    { name: "tool", text: "t", count: 1 },
  ]);
  const now = context([
    { name: "task", text: "a\n", count: 2 },
    { name: "memory", text: "x\ny\n", count: 3 },
    { name: "history", text: "h", count: 1 },
  ]);
  expect(newsOf(now, before).map((b) => `${b.name} ${b.kind} ${b.more}`)).toEqual([
    "task same 0",
    "memory changed 2",
    "history new 1",
    "tool gone -1",
  ]);
  expect(exactText(now)).toBe("a\nx\ny\nh");
  expect(newsOf(now, null).every((b) => b.kind === "new")).toBe(true);
});

it("tells chances of actions from other numbers", () => {
  const { chances, rest } = splitNumbers({ "p up": 0.2, "p down": 0.8, value: 1.5, "p odd": 3 });
  expect(chances).toEqual([
    { name: "down", p: 0.8 },
    { name: "up", p: 0.2 },
  ]);
  expect(rest).toEqual([
    ["value", 1.5],
    ["p odd", 3],
  ]);
});

it("reads chances of tokens only where there is one log-probability for each", () => {
  const step = (action: string, state: number[]): Step => ({
    episode: 1,
    t: 0,
    saw: "",
    action,
    reward: 0,
    done: false,
    state,
  });
  const words = wordChances(step("go bed", [Math.log(0.5), 0]));
  expect(words?.map((w) => w.name)).toEqual(["go", "bed"]);
  expect(wholeChance(words ?? [])).toBeCloseTo(0.5);
  expect(wordChances(step("go", [-1, -2]))).toBeUndefined();
  expect(wordChances(step("go", [0.4]))).toBeUndefined(); // a gate, no log-probability
  expect(wordChances(step("", []))).toBeUndefined();
  expect([0, 1, 0.5, 0.002, 0.0001, 0.9999].map(chance)).toEqual([
    "0",
    "1",
    "0.50",
    "0.002",
    "< 0.001",
    "> 0.99",
  ]);
});

const hit = (parts: Hit["parts"]): Hit => ({
  entry: "1",
  rank: 1,
  score: 1,
  used: true,
  ...(parts ? { parts } : {}),
});

it("lays a reading out by what its scores are made of", () => {
  const memrl = hit({ similarity: 1, value: -0.3, "from-similarity": 0.5, "from-value": -0.1 });
  expect(layoutHits([memrl], true)).toEqual({
    columns: ["similarity", "value"],
    terms: ["from-similarity", "from-value"],
  });
  expect(layoutHits([memrl], false).terms).toEqual([]);
  const words = hit({ a: 1, b: 5, c: 2, d: 3, e: 4 });
  expect(layoutHits([words], true)).toEqual({ columns: [], terms: [] });
  expect(partWords(words)).toBe("b 5, e 4, d 3 and 2 more");
  expect(signed(0.5)).toBe("+0.50");
  expect(signed(-0.5)).toBe("−0.50");
});

it("parts the formula of a reason from its gate", () => {
  const reason = "0.5 z(similarity) + 0.5 z(value) among the 5 most similar keys above 0.5";
  expect(formulaOf(reason)).toBe("0.5 z(similarity) + 0.5 z(value)");
  expect(gateOf(reason)).toBe("among the 5 most similar keys above 0.5");
  expect(formulaOf("the best among friends")).toBe("");
  expect(gateOf("the whole library, by likeness")).toBe("the whole library, by likeness");
});
