import { describe, expect, it } from "vitest";
import type { CompareArm, CompareRow, CompareTable, Comparison } from "./api.gen";
import * as c from "./compare";
import { countText, cutAt, replaceAt, withTerm } from "./compare-filter";
import { compareRoute, parseRoute } from "./route";

const row = (key: string, arm: string) => ({ key, arm_id: arm }) as CompareRow;
const mark = (key: string, arm: string) => ({ key, arm_id: arm, label: arm, seeds: 5 });

function arm(name: string, mean: number, more: Partial<CompareArm> = {}): CompareArm {
  const value = { mean, low: mean - 0.1, high: mean + 0.1, sd: 0.1, n: 5 };
  return {
    key: name,
    label: name,
    name,
    place: 0,
    paper: "memrl",
    title: "MemRL",
    notebook: "",
    case: "",
    budget: "fast",
    kernel: "go",
    code: "",
    seeds: ["0", "1", "2", "3", "4"],
    runs: [],
    going: 0,
    failed: 0,
    obstacles: [],
    values: [value],
    seconds: value,
    against: "",
    difference: null,
    ...more,
  };
}

function table(...arms: CompareArm[]): CompareTable {
  const success = { name: "success", unit: "share", x_unit: "episodes", better: "higher", doc: "" };
  return {
    arms,
    base: 0,
    changed: [],
    metric: "success",
    metrics: [success],
    costs: [],
    tasks: [],
    left: [],
    sentence: "success: a is above b.",
    interval: "95 % Student t interval",
    early: false,
  };
}

const pairs: Comparison = {
  mean: 0.2,
  low: 0.1,
  high: 0.3,
  sd: 0.1,
  n: 5,
  above: 5,
  below: 0,
  p: 0.0625,
  holm: 0.125,
  floor: 0.0625,
  exact: true,
  corrected: 2,
};

describe("marks", () => {
  it("belong to the arm, whichever of its seeds was marked", () => {
    const marked = c.toggleMark(compareRoute(), row("k1", "A"), []);
    expect(marked?.arms).toEqual(["k1"]);
    const again = c.toggleMark(compareRoute(["k1", "k5"]), row("k2", "A"), [
      mark("k1", "A"),
      mark("k5", "B"),
    ]);
    expect(again?.arms).toEqual(["k5"]);
  });
  it("end at eighteen arms", () => {
    const full = compareRoute(Array.from({ length: 18 }, (_, i) => `k${i}`));
    expect(c.toggleMark(full, row("x", "X"), [])).toBeUndefined();
  });
  it("take base, hiding and other along when they go", () => {
    const route = { ...compareRoute(["a", "b"]), base: "a", hidden: ["a"], other: "a" };
    expect(c.without(route, "a")).toEqual({ ...compareRoute(["b"]) });
  });
});

describe("sorting", () => {
  it("goes falling, rising and back to newest for numbers, and rising first for words", () => {
    expect([
      c.nextSort("", "success"),
      c.nextSort("-success", "success"),
      c.nextSort("success", "success"),
    ]).toEqual(["-success", "success", ""]);
    expect([c.nextSort("", "arm"), c.nextSort("arm", "arm"), c.nextSort("-arm", "arm")]).toEqual([
      "arm",
      "-arm",
      "",
    ]);
    expect(c.ariaSort("-arm", "arm")).toBe("descending");
  });
});

describe("words of the table", () => {
  it("show an interval only where there is one", () => {
    expect(c.ends({ mean: 0.5, low: 0.4, high: 0.6, sd: 0, n: 5 })).toEqual({
      mean: "0.50",
      ends: "0.40 .. 0.60",
    });
    expect(c.ends({ mean: 0.5, low: "NaN", high: "NaN", sd: 0, n: 2 })).toEqual({ mean: "0.50", ends: "" });
    expect(c.ends(undefined).mean).toBe("–");
  });
  it("say that five pairs are at their floor, and the correction", () => {
    expect(c.pText(pairs)).toBe("p 0.0625, corrected 0.125; 5 pairs have no smaller p");
    expect(c.pText({ ...pairs, p: 0.5, corrected: 1 })).toBe("p 0.5");
    expect(c.pText({ ...pairs, n: 0 })).toBe("no common seed");
  });
  it("date what began more than two days ago", () => {
    const began = Date.UTC(2026, 4, 6, 7);
    expect(c.since(began, began + 3_600_000)).toBe("60 min ago");
    expect(c.since(began, began + 200_000_000)).toBe("2026-05-06");
    expect(c.since(0, began)).toBe("–");
  });
  it("write seeds shortly", () => {
    expect(c.seedText(["0", "1", "2"])).toBe("0 to 2");
    expect(c.seedText(["1", "5"])).toBe("1, 5");
  });
  it("call an arm best only among arms that can be compared, and only one", () => {
    expect(c.bestArm(table(arm("a", 0.2), arm("b", 0.5)), "success")).toBe(1);
    expect(c.bestArm(table(arm("a", 0.5), arm("b", 0.5)), "success")).toBe(-1);
    const apart = arm("b", 0.5, { obstacles: [{ what: "world", text: "other world" }] });
    expect(c.bestArm(table(arm("a", 0.2), apart), "success")).toBe(-1);
  });
});

describe("a view kept in a notebook", () => {
  it("has the sentence and an address that opens the same view", () => {
    const route = { ...compareRoute(["a", "b"]), base: "b", query: "arm:a", view: "list" as const };
    const note = c.noteSource(table(arm("a", 0.2), arm("b", 0.5)), route, "2026-05-06");
    expect(note).toContain("success: a is above b.");
    const address = /View: (\S+?)"/.exec(note)?.[1] ?? "";
    const [path, query] = address.split("?");
    expect(parseRoute(path ?? "", query ?? "")).toEqual({ ...compareRoute(["a", "b"]), base: "b" });
  });
  it("is a chart where the arms are those of one notebook", () => {
    expect(c.chartSource(table(arm("a", 0.2), arm("b", 0.5)))).toBe(
      'metric: success\narms: ["a","b"]\ntitle: "Compared: success"\n',
    );
    expect(c.chartSource(table(arm("a", 0.2), arm("b", 0.5, { budget: "full" })))).toBeUndefined();
    expect(c.chartSource(table(arm("a", 0.2), arm("a", 0.5)))).toBeUndefined();
  });
});

describe("filters", () => {
  it("are cut at the place of a problem, counted in characters", () => {
    const problem = { at: 2, length: 5, msg: "", hint: "", legal: ["lambda"] };
    expect(cutAt("𝛌 lamda>3", problem)).toEqual(["𝛌 ", "lamda", ">3"]);
    expect(replaceAt("𝛌 lamda>3", problem, "lambda")).toBe("𝛌 lambda>3");
    expect(cutAt("seed<", { ...problem, at: 5, length: 1 })).toEqual(["seed<", "", ""]);
  });
  it("keep one condition a field", () => {
    expect(withTerm("state:done house", "state:failed")).toBe("house state:failed");
    expect(withTerm("", "arm:value")).toBe("arm:value");
  });
  it("are counted", () => {
    const runs = {
      total: 30,
      found: 6,
      arms: 1,
      states: {},
      columns: [],
      rows: [],
      fields: [],
      problem: null,
      marked: [],
    };
    expect(countText(runs, String)).toBe("6 of 30 runs in 1 arm");
    expect(countText({ ...runs, found: 30, arms: 3 }, String)).toBe("30 runs in 3 arms");
  });
});
