import type { RunRow } from "./api.gen";

export interface RunGroup {
  arm: string;
  case: string;
  runs: RunRow[];
}

/** Runs by arm and case in the order in which they first appear; seeds rise within a group. */
export function groupRuns(runs: readonly RunRow[]): RunGroup[] {
  const groups = new Map<string, RunGroup>();
  for (const run of runs) {
    const key = `${run.arm}\n${run.case}`;
    const group = groups.get(key) ?? { arm: run.arm, case: run.case, runs: [] };
    group.runs.push(run);
    groups.set(key, group);
  }
  for (const group of groups.values()) group.runs.sort((a, b) => a.seed - b.seed);
  return [...groups.values()];
}

const ORDER = ["failed", "running", "paused", "interrupted", "queued", "done", "cancelled"];

/** Failures first, then what moves, then the rest; seeds rise within a state. */
export function byConcern(runs: readonly RunRow[]): RunRow[] {
  const place = (r: RunRow) => (ORDER.indexOf(r.state) + ORDER.length) % ORDER.length;
  return [...runs].sort((a, b) => place(a) - place(b) || a.seed - b.seed);
}

/** Puts a newer row in place of its older state. How often a run was redone stands in the older one. */
export function mergeRow(runs: readonly RunRow[], row: RunRow): RunRow[] {
  return runs.map((r) => (r.key === row.key ? { ...row, redone: Math.max(r.redone, row.redone) } : r));
}

/** The run among its siblings, once. */
export function withSelf(row: RunRow, siblings: readonly RunRow[]): RunRow[] {
  return siblings.some((r) => r.key === row.key) ? [...siblings] : [row, ...siblings];
}
