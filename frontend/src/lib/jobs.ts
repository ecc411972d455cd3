import type { Job, RunRow } from "./api.gen";
import { percent, plural, timeLeft } from "./format";

/** Work that still goes on. */
export function isLive(job: Job): boolean {
  return job.state === "running" || job.state === "paused" || job.state === "finishing";
}

/** Puts a job in place of its older state, or first when it is new. Of a job in part the runs that it leaves out stay as they were. */
export function mergeJob(jobs: readonly Job[], job: Job): Job[] {
  const known = jobs.find((j) => j.id === job.id);
  if (!known) return [job, ...jobs];
  const next = job.part
    ? { ...job, part: known.part, runs: mergeRuns(known.runs ?? [], job.runs ?? []) }
    : job;
  return jobs.map((j) => (j.id === job.id ? next : j));
}

/** Puts rows in place of those with the same key, and others behind them. */
function mergeRuns(had: readonly RunRow[], news: readonly RunRow[]): RunRow[] {
  const changed = new Map(news.map((r) => [r.key, r]));
  const runs = had.map((r) => {
    const now = changed.get(r.key);
    changed.delete(r.key);
    return now ?? r;
  });
  return [...runs, ...changed.values()];
}

export interface WorkSummary {
  runs: number;
  failed: number;
  share: number;
  paused: boolean;
  text: string;
}

/** What the status bar says: 3 runs · 41 % · 3 to 5 min left · this computer. Undefined when nothing goes on. */
export function summarise(jobs: readonly Job[]): WorkSummary | undefined {
  const live = jobs.filter(isLive);
  if (live.length === 0) return undefined;
  const runs = sum(live, (j) => (j.runs ?? []).filter((r) => r.state === "running").length);
  const all = sum(live, (j) => (j.runs ?? []).length) || live.length;
  const share = sum(live, (j) => j.share * ((j.runs ?? []).length || 1)) / all;
  const unknown = live.some((j) => j.left_lo < 0);
  const left = unknown
    ? timeLeft(-1, -1)
    : timeLeft(
        max(live, (j) => j.left_lo),
        sum(live, (j) => j.left_hi),
      );
  const paused = live.every((j) => j.state === "paused");
  const words = [
    paused ? "paused" : plural(runs, "run"),
    percent(share),
    paused ? "" : left,
    "this computer",
  ];
  return { runs, failed: sum(live, (j) => j.failed), share, paused, text: words.filter(Boolean).join(" · ") };
}

function sum<T>(list: readonly T[], of: (item: T) => number): number {
  return list.reduce((total, item) => total + of(item), 0);
}

function max<T>(list: readonly T[], of: (item: T) => number): number {
  return list.reduce((most, item) => Math.max(most, of(item)), 0);
}
