import { describe, expect, it } from "vitest";
import type { ForkPlace, ForkView } from "./api.gen";
import {
  askOf,
  changeOf,
  effectRows,
  firstChoice,
  forksAt,
  kindsOf,
  lacks,
  outcomeRows,
  progressWords,
  underWay,
} from "./fork";

const entries = [
  { bank: "cases", id: "41", text: "use the oven" },
  { bank: "notes", id: "41", text: "never" },
];
const place: ForkPlace = {
  can: ["drop", "edit", "act"],
  why: "",
  look: true,
  replays: 20,
  cost: "about 40 s",
  entries,
  action: "go hall",
  forks: [],
};

describe("what a step offers", () => {
  it("offers no entry where none was read, and nothing where nothing can be changed", () => {
    expect(kindsOf(place)).toEqual(["drop", "edit", "act", "none"]);
    expect(kindsOf({ ...place, entries: [] })).toEqual(["act", "none"]);
    expect(kindsOf({ ...place, can: [] })).toEqual([]);
  });
  it("begins with the entry that was pointed at, in its bank", () => {
    expect(firstChoice(place, "notes", "41")).toEqual({ kind: "drop", entry: 1, text: "" });
    expect(firstChoice(place, "", "gone").entry).toBe(0);
  });
});

describe("what is asked for", () => {
  it("names the entry and its bank, or the words, or nothing", () => {
    expect(changeOf({ kind: "drop", entry: 1, text: "" }, entries)).toEqual([
      { kind: "drop", bank: "notes", entry: "41" },
    ]);
    expect(changeOf({ kind: "act", entry: 0, text: " go hall " }, entries)).toEqual([
      { kind: "act", text: "go hall" },
    ]);
    expect(askOf(place, { kind: "none", entry: 0, text: "" }, 17, 7, 20)).toEqual({
      episode: 17,
      step: 7,
      changes: [],
      replays: 20,
      whole: false,
    });
  });
  it("wants words where words are changed", () => {
    expect(lacks({ kind: "act", entry: 0, text: "  " })).toBe("write the action");
    expect(lacks({ kind: "edit", entry: 0, text: "" })).toBe("write the new text");
    expect(lacks({ kind: "drop", entry: 0, text: "" })).toBe("");
  });
});

describe("what is shown of a fork", () => {
  const fork = { state: "running", phase: "replays", done: 7, total: 20, left: "1 s left" } as ForkView;
  it("says how far it is and what is left", () => {
    expect(progressWords(fork)).toBe("replays · 7 of 20 · 1 s left");
    expect(progressWords({ ...fork, state: "queued", total: 0, left: "" })).toBe("waits for a free worker");
    expect([underWay(fork), underWay({ ...fork, state: "done" }), underWay(undefined)]).toEqual([
      true,
      false,
      false,
    ]);
  });
  it("puts both episodes into rows", () => {
    const o = {
      was_return: 0,
      was_success: false,
      was_steps: 10,
      return: 1,
      success: true,
      steps: 5,
      first: 2,
    };
    expect(outcomeRows(o, "without 41")).toEqual([
      ["as it was", "0", "no", "10"],
      ["without 41", "1", "yes", "5"],
    ]);
  });
  it("gives no interval and no p where all pairs are the same", () => {
    const e = {
      pairs: 20,
      return: -1.77,
      return_low: -1.77,
      return_high: -1.77,
      return_p: 0.25,
      success: 0,
      success_low: 0,
      success_high: 0,
      success_p: 1,
      same: true,
    };
    expect(effectRows(e)[0]).toEqual(["return", "−1.77", "the same in each pair", "–"]);
    expect(effectRows({ ...e, same: false })[0]?.[3]).toBe("0.25");
  });
  it("lists the forks of this step alone", () => {
    const at = (episode: number, step: number) => ({ ...fork, episode, step }) as ForkView;
    expect(forksAt({ ...place, forks: [at(1, 2), at(1, 3), at(2, 2)] }, 1, 2)).toHaveLength(1);
  });
});
