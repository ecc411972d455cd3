import { useCallback, useEffect, useMemo } from "react";
import type { Job, Notebook, Plan, Results, RunPage, RunRow, Stale } from "./api.gen";
import { useApp, type App } from "./app";
import { mergeJob } from "./jobs";
import { useAgain, useKept } from "./kept";
import { useResource, type Resource } from "./resource";
import { failure } from "./transport";

/** How long results wait after news before they are read again, in milliseconds. */
const CALM = 1500;

/** What can be asked of a running job; finish stops after the unit of work at hand. */
export type Verb = "pause" | "resume" | "stop" | "finish";

export interface Work {
  plan: Resource<Plan>;
  results: Resource<Results>;
  /** What was changed since runs were made whose results stand. */
  stale: Stale | undefined;
  /** Runs at this budget, the newest of each arm, case and seed. */
  runs: readonly RunRow[];
  run: () => void;
  /** Runs a sweep of the notebook. */
  sweep: (name: string) => void;
  control: (job: Job, verb: Verb) => void;
  /** Rises when sentences and tables of charts should be read again. */
  version: number;
}

/** What a notebook would run, runs, and found, at one budget. */
export function useWork(notebook: Notebook, budget: string, job: Job | undefined): Work {
  const app = useApp();
  const { transport } = app;
  const { path, revision } = notebook;
  // A notebook with problems has no plan; what was found before stays on the page.
  const ready = (notebook.problems ?? []).length === 0;
  const settled = job ? `${job.id} ${job.done} ${job.failed} ${job.state}` : "";
  const plan = useResource(ready ? `plan ${path} ${budget} ${revision} ${settled}` : "", (signal) =>
    transport.get<Plan>("plan", { path, budget }, signal),
  );
  const results = useResource(ready ? `results ${path} ${budget} ${revision}` : "", (signal) =>
    transport.get<Results>("results", { path, budget }, signal),
  );
  const stale = useResource(ready ? `stale ${path} ${budget} ${revision} ${settled}` : "", (signal) =>
    transport.get<Stale>("notebook/stale", { path, budget }, signal),
  );
  const known = useResource(`runs ${path} ${settled}`, (signal) =>
    transport.get<RunPage>("runs", { path, limit: 500 }, signal),
  );
  const keptStale = useKept(stale, budget);
  const keptKnown = useKept(known, budget);
  const runs = useMemo(
    () => newest([...(job?.runs ?? []), ...(keptKnown.data?.runs ?? [])].filter((r) => r.budget === budget)),
    [job, keptKnown.data, budget],
  );
  const keptPlan = useKept(plan, budget);
  const keptResults = useKept(results, budget);

  const { reload } = results;
  const version = useAgain(settled, reload, CALM);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = transport.watch(`notebook:${path}`, (news) => {
      if (news.kind !== "message" || news.message.type !== "results" || timer) return;
      timer = setTimeout(() => {
        timer = undefined;
        reload();
      }, CALM);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [transport, path, reload]);

  const start = useCallback(
    (more: { sweep?: string }) => {
      const request = { budget, seeds: "", arms: [], cases: [], ...more };
      void transport.post<Job>("job", { path }, request).then(keepIn(app)).catch(complainTo(app));
    },
    [app, transport, path, budget],
  );
  const run = useCallback(() => start({}), [start]);
  const sweep = useCallback((name: string) => start({ sweep: name }), [start]);
  const control = useCallback(
    (job: Job, verb: Verb) =>
      void transport.post<Job>(`job/${job.id}/${verb}`).then(keepIn(app)).catch(complainTo(app)),
    [app, transport],
  );
  return { plan: keptPlan, results: keptResults, stale: keptStale.data, runs, version, run, sweep, control };
}

/** The first of each arm, case and seed: the newest word stands first. */
function newest(runs: readonly RunRow[]): RunRow[] {
  const seen = new Set<string>();
  return runs.filter((r) => {
    const name = `${r.arm}\n${r.case}\n${r.seed}`;
    return !seen.has(name) && seen.add(name) !== undefined;
  });
}

function keepIn(app: App): (job: Job) => void {
  return (job) => app.jobs.update((jobs) => mergeJob(jobs, job));
}

function complainTo(app: App): (error: unknown) => void {
  return (error) => {
    const { message, hint } = failure(error);
    app.notice(hint ? `${message}: ${hint}` : message);
  };
}
