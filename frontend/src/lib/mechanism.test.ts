import { expect, test } from "vitest";
import type { EpisodeDetail, Memory, Step } from "./api.gen";
import { beatsOf, partOf } from "./mechanism";

const step = (t: number, done = false): Step => ({
  episode: 1,
  t,
  saw: `place ${t}`,
  action: `go ${t}`,
  reward: done ? -1 : 0,
  done,
});

const memory = (op: Memory["op"], t: number): Memory => ({
  op,
  bank: "bank",
  episode: 1,
  t,
  reason: "",
  size: 1,
  tokens: 3,
  ...(op === "read" ? { query: "cup", hits: [{ entry: "1", rank: 1, score: 0.5, used: true }] } : {}),
  ...(op === "write" ? { after: { id: "2", text: "a cup", tokens: 2 } } : {}),
});

test("an episode becomes moments in the order in which they happened", () => {
  const detail = {
    steps: [step(0), step(1, true)],
    memory: [memory("write", 2), memory("read", 0)],
  } as unknown as EpisodeDetail;
  expect(beatsOf(detail).map((b) => `${b.kind} ${b.t}`)).toEqual([
    "told 0",
    "read 0",
    "act 0",
    "told 1",
    "act 1",
    "reward 1",
    "write 2",
  ]);
  expect(beatsOf(detail)[1]?.text).toBe("asked: cup; 1 of 1 candidates read");
  expect(beatsOf(detail).at(-1)?.text).toBe("a cup");
});

test("a moment lights up every part that is about it", () => {
  const beat = beatsOf({ steps: [step(0)], memory: [] } as unknown as EpisodeDetail)[0];
  expect(beat && partOf(beat, [{ beats: ["read"] }, { beats: ["told", "act"] }, { beats: null }])).toEqual([
    1,
  ]);
});
