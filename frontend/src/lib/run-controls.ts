import type { RunControls } from "../components/notebook/RunCell";
import type { App } from "./app";
import type { Cell, Job, Notebook } from "./api.gen";
import { keysOf, textAt } from "./notebook";
import { compareRoute, episodeRoute, runRoute, type NotebookRoute } from "./route";
import type { Session } from "./session";
import { armsIn, moreSeeds } from "./side";
import type { Work } from "./work";

const BUDGETS = ["fast", "laptop", "full"] as const;

interface Parts {
  app: App;
  session: Session;
  notebook: Notebook;
  runCell: Cell | undefined;
  budget: string;
  job: Job | undefined;
  sweeps: readonly Job[];
  work: Work;
  change: (part: Partial<NotebookRoute>) => void;
}

/** What the run cell and the claims can ask for. */
export function useRunControls(parts: Parts): RunControls {
  const { app, session, notebook, runCell, budget, job, sweeps, work, change } = parts;
  return {
    budget,
    budgets: BUDGETS,
    plan: work.plan,
    job,
    sweeps,
    blocked: (notebook.problems ?? []).length > 0 ? "nothing runs while the notebook has problems" : "",
    onBudget: (b) => change({ budget: b }),
    onRun: work.run,
    onSweep: work.sweep,
    onControl: (verb) => job && work.control(job, verb),
    onControlJob: work.control,
    onOpenRun: (key) => app.navigation.go(runRoute(key)),
    onMoreSeeds: runCell ? (more) => void addSeeds(session, runCell, budget, more, work.run) : undefined,
    onEpisodes: (expressions) => openRuns(app, notebook, work, expressions),
  };
}

/** The seeds stand in the notebook, so that everybody sees how often they were extended; then what is missing runs. */
async function addSeeds(
  session: Session,
  runCell: Cell,
  budget: string,
  more: number,
  run: () => void,
): Promise<void> {
  const fast = budget === "fast";
  const value = runCell.value as { fast?: unknown } | null;
  const now = fast ? textAt(value?.fast, "seeds") || "2" : textAt(value, "seeds") || "5";
  const field = fast ? "fast/seeds" : "seeds";
  if (await session.send({ type: "set-field", cell: runCell.id, field, value: moreSeeds(now, more) })) run();
}

/** One run of each arm that is named: side by side where there are several, else its episodes. */
function openRuns(app: App, notebook: Notebook, work: Work, expressions: readonly string[]): void {
  const arms = keysOf((notebook.cells ?? []).find((c) => c.kind === "arms")?.value);
  const named = armsIn(expressions.join(" "), arms);
  const keys = named.flatMap((arm) => work.runs.find((r) => r.arm === arm && r.state === "done")?.key ?? []);
  const [only] = keys;
  if (only === undefined) return app.notice("no run of these arms has ended yet");
  app.navigation.go(keys.length > 1 ? compareRoute(keys) : episodeRoute(only));
}
