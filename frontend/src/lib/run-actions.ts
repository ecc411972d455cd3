import type { App } from "./app";
import type { Job, RunDetail, RunRow } from "./api.gen";
import { plural } from "./format";
import { mergeJob } from "./jobs";
import { failure } from "./transport";
import type { Verb } from "./work";

/** Seeds that one press adds. */
export const MORE = 3;

export interface RunActions {
  control: (verb: Verb) => void;
  /** Runs more seeds of this arm and case. */
  addSeeds: (count: number) => void;
  /** Runs one seed again from where it stands: a failed one from its beginning. */
  again: (row: RunRow) => void;
}

/** The next free seeds behind those that are there, as the server reads them: "5-7". */
export function nextSeeds(rows: readonly RunRow[], count: number): string {
  const first = Math.max(-1, ...rows.map((r) => r.seed)) + 1;
  return `${first}-${first + count - 1}`;
}

/** What can be asked of a run and its siblings. */
export function runActions(
  app: App,
  job: Job | undefined,
  detail: RunDetail,
  rows: readonly RunRow[],
): RunActions {
  const complain = (error: unknown) => {
    const { message, hint } = failure(error);
    app.notice(hint ? `${message}: ${hint}` : message);
  };
  const keep = (next: Job) => app.jobs.update((jobs) => mergeJob(jobs, next));
  const start = (seeds: string, said: string) => {
    const { row } = detail;
    const body = { budget: row.budget, seeds, arms: [row.arm], cases: row.case ? [row.case] : [] };
    app.transport
      .post<Job>("job", { path: detail.notebook }, body)
      .then((next) => {
        keep(next);
        app.notice(said);
      })
      .catch(complain);
  };
  return {
    control: (verb) => {
      if (job) app.transport.post<Job>(`job/${job.id}/${verb}`).then(keep).catch(complain);
    },
    addSeeds: (count) => {
      const seeds = nextSeeds(rows, count);
      start(seeds, `${plural(count, "seed")} added: ${seeds.replace("-", " to ")}`);
    },
    again: (row) => {
      const failed = row.state === "failed";
      start(
        `${row.seed}-${row.seed}`,
        failed ? `seed ${row.seed} is done again` : `seed ${row.seed} goes on`,
      );
    },
  };
}

/** Work of a job or of one run, in its own unit. */
export interface Amount {
  done: number;
  total: number;
  unit: string;
}

/** The work of runs summed up by unit, the largest first. Runs that have not said their total yet count with the mean of the others. */
export function amounts(rows: readonly RunRow[]): Amount[] {
  const byUnit = new Map<string, { done: number; total: number; said: number; unsaid: number }>();
  const unit = rows.find((r) => r.unit)?.unit ?? "";
  for (const row of rows) {
    const key = row.unit || unit;
    const sum = byUnit.get(key) ?? { done: 0, total: 0, said: 0, unsaid: 0 };
    sum.done += row.done;
    sum.total += row.total;
    if (row.total > 0) sum.said++;
    else sum.unsaid++;
    byUnit.set(key, sum);
  }
  return [...byUnit]
    .map(([name, s]) => ({
      unit: name,
      done: s.done,
      total: s.said > 0 ? Math.round(s.total * (1 + s.unsaid / s.said)) : s.total,
    }))
    .sort((a, b) => b.total - a.total);
}

export interface FailureGroup {
  cause: string;
  hint: string;
  seeds: number[];
}

/** Failed runs by cause, the most frequent first. Numbers in a cause differ from run to run and do not count. */
export function failures(rows: readonly RunRow[]): FailureGroup[] {
  const groups = new Map<string, FailureGroup>();
  for (const row of rows) {
    if (row.state !== "failed") continue;
    const key = row.error.replace(/\d+(\.\d+)?/g, "#");
    const group = groups.get(key) ?? { cause: row.error, hint: row.hint, seeds: [] };
    group.seeds.push(row.seed);
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => b.seeds.length - a.seeds.length);
}

/** Seconds until the first episode of a run, from how long an episode of the others takes; undefined where they do not tell. */
export function firstEpisodeIn(row: RunRow, others: readonly RunRow[]): number | undefined {
  const told = others.filter((r) => r.unit.startsWith("episode") && r.done > 0 && r.seconds > 0);
  if (told.length === 0 || row.state !== "running") return undefined;
  const each = told.reduce((sum, r) => sum + r.seconds / r.done, 0) / told.length;
  return Math.max(0, each - row.seconds);
}
