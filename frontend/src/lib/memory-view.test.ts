import { describe, expect, it } from "vitest";
import type { MemoryDot, MemoryPage, MemoryRow, MemoryTurn } from "./api.gen";
import { nearest, placeIn } from "./memory-map";
import {
  clampMoment,
  differenceParts,
  markAt,
  movedNumbers,
  nextSort,
  numberColumns,
  opMark,
  pageSentence,
  placeWords,
  sinceWords,
  sortState,
  ticks,
  turnAt,
  withCondition,
} from "./memory-view";

const page: MemoryPage = {
  bank: "cases",
  place: { moment: 140, episode: 17, step: 7 },
  against: null,
  entries: 412,
  tokens: 31900,
  total: 412,
  match: 316,
  never: 96,
  offset: 0,
  rows: Array.from({ length: 60 }, (_, i) => row(String(i))),
  difference: null,
  groups: null,
  last: null,
};

function row(id: string, part: Partial<MemoryRow> = {}): MemoryRow {
  return {
    id,
    op: "",
    type: "case",
    text: "clean mug",
    cut: false,
    tokens: 2,
    born: { moment: 1, episode: 1, step: 0 },
    read: 0,
    missed: 0,
    helped: 0,
    misled: 0,
    numbers: {},
    since: null,
    unsure: false,
    ...part,
  };
}

function turn(moment: number, part: Partial<MemoryTurn> = {}): MemoryTurn {
  return {
    moment,
    op: "change",
    episode: 1,
    step: 0,
    reason: "",
    query: "",
    rank: 0,
    used: false,
    why: "",
    score: "NaN",
    parts: null,
    came: "",
    before: null,
    after: null,
    text: "",
    sources: null,
    ...part,
  };
}

describe("the words of the memory screen", () => {
  it("count what matches, what is shown and what was never read", () => {
    expect(pageSentence(page)).toBe("316 of 412 entries match, 60 shown · 96 were never read");
    expect(pageSentence({ ...page, match: 412, total: 412, rows: [], never: 1 })).toBe(
      "412 entries, 0 shown · 1 was never read",
    );
    expect(pageSentence({ ...page, entries: 410 })).toBe(
      "316 of 412 entries match, 2 of them deleted, 60 shown · 96 were never read",
    );
  });

  it("say where a moment lies", () => {
    expect(placeWords(page.place)).toBe("episode 17, step 7");
    expect(placeWords({ moment: 0, episode: -1, step: -1 })).toBe("before the first event");
  });

  it("give each operation its mark and its count", () => {
    const parts = differenceParts({ written: 38, changed: 21, merged: 4, deleted: 2, absorbed: 3 });
    expect(parts.map((p) => `${opMark(p.op)} ${p.count}`)).toEqual(["+ 38", "~ 21", "Y 4", "x 2"]);
  });

  it("tell what became of an entry since the earlier moment", () => {
    expect(sinceWords(row("1", { op: "write" }), "value")).toBe("new");
    expect(sinceWords(row("1", { op: "delete" }), "value")).toBe("deleted");
    expect(sinceWords(row("1", { op: "change", since: { value: -0.45 } }), "value")).toBe("−0.45");
    expect(sinceWords(row("1", { op: "merge", since: {} }), "value")).toBe("merged");
    expect(sinceWords(row("1"), "value")).toBe("");
  });

  it("tell by how much an event moved the numbers", () => {
    expect(
      movedNumbers(
        turn(1, { before: { value: 0, uses: 0, made: 3 }, after: { value: 0.3, uses: 1, made: 3 } }),
      ),
    ).toEqual(["value 0 to +0.30", "uses 0 to 1"]);
    expect(movedNumbers(turn(1, { after: { value: 0 } }))).toEqual([]);
  });
});

describe("order, filter and columns", () => {
  it("turn down, up and off with a click on the head of a column", () => {
    expect([nextSort("", "read"), nextSort("-read", "read"), nextSort("read", "read")]).toEqual([
      "-read",
      "read",
      "",
    ]);
    expect([sortState("-read", "read"), sortState("read", "read"), sortState("age", "read")]).toEqual([
      "descending",
      "ascending",
      "none",
    ]);
  });

  it("put the conditions of a group in place of others on the same field", () => {
    expect(withCondition("mug used>0 type:schema", "used>=3 used<10")).toBe(
      "mug type:schema used>=3 used<10",
    );
    expect(withCondition("", "op:write")).toBe("op:write");
  });

  it("show the main number first and none that only counts", () => {
    const bank = { name: "cases", events: 1, entries: 1, tokens: 1, main: "value" };
    expect(numberColumns({ ...bank, numbers: ["made", "success", "uses", "value"] })).toEqual([
      "value",
      "success",
    ]);
  });
});

describe("the slider", () => {
  const marks = [
    { episode: 1, from: 0, to: 10 },
    { episode: 2, from: 10, to: 11 },
    { episode: 3, from: 11, to: 100 },
  ];

  it("finds the episode of a moment", () => {
    expect(markAt(marks, 10)?.episode).toBe(1);
    expect(markAt(marks, 11)?.episode).toBe(2);
    expect(markAt(marks, 0)).toBeUndefined();
  });

  it("leaves out ticks that would touch", () => {
    expect(ticks(marks, 100, 100)).toEqual([10, 100]);
    expect(ticks(marks, 100, 1000)).toEqual([10, 11, 100]);
  });

  it("takes the newest for what lies beyond it", () => {
    expect([clampMoment(-1, 7), clampMoment(99, 7), clampMoment(3, 7)]).toEqual([7, 7, 3]);
  });

  it("finds the event of a life that led to a moment", () => {
    const life = [turn(2), turn(5), turn(9)];
    expect([turnAt(life, 2), turnAt(life, 3), turnAt(life, 9), turnAt(life, 10)]).toEqual([-1, 0, 1, 2]);
  });
});

describe("the map", () => {
  const box = { width: 228, height: 128 };
  const dot = (id: string, x: number, y: number): MemoryDot => ({ id, text: id, x, y, read: 0, value: 0 });

  it("lies within its box, upwards", () => {
    expect(placeIn(box, 0, 0)).toEqual({ x: 14, y: 114 });
    expect(placeIn(box, 1, 1)).toEqual({ x: 214, y: 14 });
  });

  it("finds the nearest dot within reach", () => {
    const dots = [dot("a", 0, 0), dot("b", 0.05, 0)];
    expect(nearest(dots, box, 22, 114)?.id).toBe("b");
    expect(nearest(dots, box, 120, 60)).toBeUndefined();
  });
});
