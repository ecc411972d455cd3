import type { Cell, Job, Json, Plan } from "../../lib/api.gen";
import type { Resource } from "../../lib/resource";
import { Button } from "../common/Button";
import { FailureBox } from "../common/FailureBox";
import { FieldForm } from "./FieldForm";
import { JobPanel } from "./JobPanel";
import type { Verb } from "../../lib/work";

export interface RunControls {
  budget: string;
  budgets: readonly string[];
  plan: Resource<Plan>;
  job: Job | undefined;
  /** Those of the notebook's sweeps, the newest first. */
  sweeps: readonly Job[];
  /** Why the last press of the button failed. */
  blocked: string;
  onBudget: (budget: string) => void;
  onRun: () => void;
  onSweep: (name: string) => void;
  onControl: (verb: Verb) => void;
  onControlJob: (job: Job, verb: Verb) => void;
  onOpenRun: (key: string) => void;
  /** Writes more seeds into the run cell and runs them; undefined where that cannot be. */
  onMoreSeeds: ((more: number) => void) | undefined;
  /** Leads to the runs of the arms that an expression names. */
  onEpisodes: (expressions: readonly string[]) => void;
}

interface Props {
  cell: Cell;
  controls: RunControls;
  onSet: (field: string, value: Json) => void;
}

const BUDGETS: Record<string, string> = {
  fast: "shows that it works, no verdict",
  laptop: "gives verdicts",
  full: "what the paper calls full scale",
};

/** What will run and how big; the button says what it will do before it is pressed. */
export function RunCell({ cell, controls, onSet }: Props) {
  const { plan, job } = controls;
  const live = job !== undefined && ["running", "paused", "finishing"].includes(job.state);
  const label = plan.data?.label ?? (plan.error ? "Run" : "Counting what is missing …");
  return (
    <>
      <div className="run-row">
        <fieldset className="segments">
          <legend>budget</legend>
          {controls.budgets.map((b) => (
            <label key={b} title={BUDGETS[b]}>
              <input
                type="radio"
                name="budget"
                value={b}
                checked={controls.budget === b}
                onChange={() => controls.onBudget(b)}
              />
              {b}
            </label>
          ))}
        </fieldset>
        <Button
          look="main"
          icon="play"
          disabled={live || !plan.data || plan.data.todo === 0 || controls.blocked !== ""}
          onClick={controls.onRun}
        >
          {label}
        </Button>
      </div>
      <p className="fine run-basis">
        {BUDGETS[controls.budget]}
        {plan.data?.basis && ` · time: ${plan.data.basis}`}
        {plan.data &&
          plan.data.partial > 0 &&
          ` · ${plan.data.partial} will be continued from where they stopped`}
      </p>
      {controls.blocked && <p className="knob-error">{controls.blocked}</p>}
      {plan.error && (
        <FailureBox failure={plan.error} what="this notebook cannot run now" onRetry={plan.reload} />
      )}
      {job && <JobPanel job={job} onControl={controls.onControl} onOpenRun={controls.onOpenRun} />}
      <details className="more">
        <summary>seeds, target and model</summary>
        <FieldForm fields={cell.fields ?? []} onSet={onSet} />
      </details>
    </>
  );
}
