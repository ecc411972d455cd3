import type { Entry, Memory, MemoryOp } from "../lib/api.gen";

/**
 * One version of an entry. It stood at every moment from "from" up to but not at "to". A moment is the number of operations of the run
 * before it, so that a state is a filter and nothing is played again.
 */
export interface Version {
  bank: string;
  entry: Entry;
  op: MemoryOp;
  from: number;
  to: number;
}

/** Every version of every entry, in the order in which they began. */
export function versions(operations: readonly Memory[]): Version[] {
  const all: Version[] = [];
  const standing = new Map<string, Version>();
  operations.forEach((m, i) => {
    if (m.op === "read" || !m.entry) return;
    const name = `${m.bank}\n${m.entry}`;
    const old = standing.get(name);
    if (old) old.to = i + 1;
    standing.delete(name);
    if (m.op === "delete" || !m.after) return;
    const version = { bank: m.bank, entry: m.after, op: m.op, from: i + 1, to: Infinity };
    standing.set(name, version);
    all.push(version);
  });
  return all;
}

/** What stood in a bank at a moment. */
export function at(all: readonly Version[], bank: string, moment: number): Version[] {
  return all.filter((v) => v.bank === bank && v.from <= moment && moment < v.to);
}

/** The banks of a run in the order of their first operations. */
export function banks(operations: readonly Memory[]): string[] {
  return [...new Set(operations.map((m) => m.bank))];
}

export interface Change {
  op: "write" | "change" | "delete";
  before: Version | undefined;
  after: Version | undefined;
}

/** What differs between two moments, by entry. */
export function difference(early: readonly Version[], late: readonly Version[]): Map<string, Change> {
  const out = new Map<string, Change>();
  const before = new Map(early.map((v) => [v.entry.id, v]));
  for (const after of late) {
    const old = before.get(after.entry.id);
    before.delete(after.entry.id);
    if (old === after) continue;
    out.set(after.entry.id, { op: old ? "change" : "write", before: old, after });
  }
  for (const [id, old] of before) out.set(id, { op: "delete", before: old, after: undefined });
  return out;
}

/** One line of an entry's life. */
export interface Beat {
  moment: number;
  operation: Memory;
  /** Place of the entry among the candidates of a reading; 0 where it was not one. */
  rank: number;
}

/** Everything that happened to an entry, its readings among them. */
export function life(operations: readonly Memory[], bank: string, entry: string): Beat[] {
  return operations.flatMap((operation, i) => {
    if (operation.bank !== bank) return [];
    const hit = (operation.hits ?? []).find((h) => h.entry === entry);
    if (operation.entry !== entry && !hit) return [];
    return [{ moment: i + 1, operation, rank: hit?.rank ?? 0 }];
  });
}

/** The next moment in that direction at which an episode begins or ends; the last one of the run where there is none. */
export function nextEpisode(operations: readonly Memory[], moment: number, by: 1 | -1): number {
  const here = operations[Math.min(operations.length, Math.max(1, moment)) - 1]?.episode;
  let m = moment;
  while (m + by >= 0 && m + by <= operations.length) {
    m += by;
    const now = operations[m - 1]?.episode;
    if (now !== here) return m;
  }
  return m;
}
