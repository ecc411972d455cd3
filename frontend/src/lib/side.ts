import type { RunRow, Stale } from "./api.gen";
import { number } from "./format";

export interface ArmState {
  arm: string;
  /** Of all its runs in one word, "" where none was begun. */
  state: string;
  /** The same with numbers. */
  words: string;
  /** The run that a click opens: the newest that goes on, else the newest. */
  key: string;
  /** Entries at the end, mean over the runs that say so. */
  entries: number | undefined;
}

/** What goes first when runs of one arm are in several states. */
const ORDER = ["failed", "running", "paused", "queued", "interrupted", "cancelled", "done"];

/** The state of each arm's runs: trouble first, then what moves. */
export function armStates(
  arms: readonly string[],
  runs: readonly RunRow[],
  stale: Stale | undefined,
): ArmState[] {
  return arms.map((arm) => {
    const mine = runs.filter((r) => r.arm === arm);
    const old = (stale?.runs ?? []).find((s) => s.arm === arm);
    const worst = ORDER.find((s) => mine.some((r) => r.state === s)) ?? "";
    const state = old && (worst === "done" || worst === "") ? "stale" : worst;
    const sizes = mine.map((r) => number(r.final?.["memory_size"])).filter((n) => !Number.isNaN(n));
    return {
      arm,
      state,
      words: words(mine, old?.with ?? ""),
      key: (mine.find((r) => r.state === "running") ?? mine[0])?.key ?? "",
      entries: sizes.length > 0 ? sizes.reduce((a, b) => a + b, 0) / sizes.length : undefined,
    };
  });
}

function words(runs: readonly RunRow[], stale: string): string {
  if (stale) return `made with ${stale}`;
  if (runs.length === 0) return "no run yet";
  const counted = ORDER.map((s) => [s, runs.filter((r) => r.state === s).length] as const).filter(
    ([, n]) => n > 0,
  );
  return counted.map(([s, n]) => `${n} ${s}`).join(", ");
}

/** Seeds as the notebook writes them, with so many more. */
export function moreSeeds(text: string, more: number): string {
  const plain = text.trim();
  if (/^\d+$/.test(plain)) return String(Number(plain) + more);
  const highest = Math.max(...plain.split(/[,-]/).map((p) => Number(p.trim())));
  if (!Number.isFinite(highest)) return plain;
  const from = highest + 1;
  return `${plain},${more === 1 ? from : `${from}-${highest + more}`}`;
}

/** How many seeds a claim that cannot tell should get: what would do, five at a time where that is far off. */
export function seedsToAdd(needed: number, have: number): number {
  const missing = needed - have;
  if (missing <= 0) return 0;
  return missing <= 10 ? missing : 5;
}

/** The arms that an expression names. */
export function armsIn(expression: string, arms: readonly string[]): string[] {
  const words = new Set(expression.match(/[\w][\w.+-]*/g) ?? []);
  return arms.filter((a) => words.has(a));
}
