import { describe, expect, it } from "vitest";
import type { Memory } from "../lib/api.gen";
import { unpack } from "./blocks";
import { curvesCSV } from "./csv";
import { at, banks, difference, life, nextEpisode, versions } from "./moments";

function op(part: Partial<Memory>): Memory {
  return { op: "write", bank: "main", episode: 1, t: 0, reason: "", size: 0, tokens: 0, ...part };
}

function entry(id: string, text: string) {
  return { id, text, tokens: 1 };
}

/** Writes a and b, reads, changes a, deletes b; in another bank c. */
const operations: Memory[] = [
  op({ entry: "a", after: entry("a", "one") }),
  op({ entry: "b", after: entry("b", "two"), episode: 1 }),
  op({ op: "read", episode: 2, hits: [{ entry: "a", rank: 2, score: 0.5, used: false }] }),
  op({ op: "change", entry: "a", after: entry("a", "one more"), episode: 2 }),
  op({ op: "delete", entry: "b", episode: 3 }),
  op({ bank: "other", entry: "c", after: entry("c", "three"), episode: 3 }),
];

/** The slow reference: everything before the moment is played again. */
function replay(bank: string, moment: number): Map<string, string> {
  const state = new Map<string, string>();
  for (const m of operations.slice(0, moment)) {
    if (m.bank !== bank || m.op === "read" || !m.entry) continue;
    if (m.op === "delete") state.delete(m.entry);
    else state.set(m.entry, m.after?.text ?? "");
  }
  return state;
}

describe("moments", () => {
  const all = versions(operations);

  it("filters to the state that playing everything again gives, at every moment", () => {
    for (const bank of banks(operations))
      for (let m = 0; m <= operations.length; m++) {
        const state = new Map(at(all, bank, m).map((v) => [v.entry.id, v.entry.text]));
        expect(state, `${bank} at ${m}`).toEqual(replay(bank, m));
      }
  });

  it("names what was written, changed and deleted between two moments", () => {
    const changes = difference(at(all, "main", 2), at(all, "main", 6));
    expect([...changes].map(([id, c]) => `${id} ${c.op}`)).toEqual(["a change", "b delete"]);
    expect([...difference(at(all, "main", 0), at(all, "main", 2)).values()].map((c) => c.op)).toEqual([
      "write",
      "write",
    ]);
    expect(difference(at(all, "main", 3), at(all, "main", 3)).size).toBe(0);
  });

  it("tells the life of an entry with the readings in which it was a candidate", () => {
    expect(life(operations, "main", "a").map((b) => [b.moment, b.operation.op, b.rank])).toEqual([
      [1, "write", 0],
      [3, "read", 2],
      [4, "change", 0],
    ]);
  });

  it("goes from episode to episode and stops at the ends", () => {
    expect(nextEpisode(operations, 1, 1)).toBe(3);
    expect(nextEpisode(operations, 6, 1)).toBe(6);
    expect(nextEpisode(operations, 3, -1)).toBe(2);
    expect(nextEpisode(operations, 1, -1)).toBe(0);
  });
});

describe("raw values", () => {
  it("keep every digit, leave gaps empty, and quote what a table would misread", () => {
    const csv = curvesCSV({
      metric: "success",
      runs: [{ arm: '=cmd"', case: "n,5", seed: 3, x: [1, 2], y: [0.1234567890123456, "NaN"] }],
    });
    expect(csv).toBe(
      'arm,case,seed,x,success\r\n"\'=cmd""","n,5",3,1,0.1234567890123456\r\n"\'=cmd""","n,5",3,2,\r\n',
    );
  });
});

describe("blocks", () => {
  it("are read back from base64 and gzip", async () => {
    const packed = new Uint8Array(
      await new Response(
        new Blob(['{"a":"ü"}']).stream().pipeThrough(new CompressionStream("gzip")),
      ).arrayBuffer(),
    );
    expect(await unpack(btoa(String.fromCharCode(...packed)))).toBe('{"a":"ü"}');
  });
});
