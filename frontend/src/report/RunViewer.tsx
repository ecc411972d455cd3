import { useState } from "react";
import type { ReportRun } from "../lib/api.gen";
import { named, shown } from "../lib/format";
import { StateMark } from "../components/common/StateMark";
import { EpisodeViewer } from "./EpisodeViewer";
import { MemoryViewer } from "./MemoryViewer";

/** What happened inside a run: its episodes and its memory. */
export function RunViewer({ runs }: { runs: readonly ReportRun[] }) {
  const [key, setKey] = useState(best(runs)?.row.key ?? "");
  const [place, setPlace] = useState({ episode: -1, step: -1 });
  const run = runs.find((r) => r.row.key === key);
  if (!run) return null;
  return (
    <>
      <section aria-labelledby="inside">
        <h2 id="inside">Inside a run</h2>
        <p className="report-choose">
          <label>
            run{" "}
            <select
              value={key}
              onChange={(e) => {
                setKey(e.target.value);
                setPlace({ episode: -1, step: -1 });
              }}
            >
              {runs.map((r) => (
                <option key={r.row.key} value={r.row.key}>
                  {named(r.row.arm, r.row.case, `seed ${r.row.seed}`)}
                </option>
              ))}
            </select>
          </label>{" "}
          <StateMark state={run.row.state} />{" "}
          <span className="fine">
            {run.episodes} of {run.kept} kept episodes are in this page · {run.memory} memory operations
          </span>
        </p>
        <details>
          <summary>Last values and set-up</summary>
          <dl className="facts-list">
            {Object.entries(run.row.final ?? {}).map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{shown(value)}</dd>
              </div>
            ))}
          </dl>
          <pre tabIndex={0}>{JSON.stringify(run.setup.sections, null, 1)}</pre>
        </details>
      </section>
      {run.episodes > 0 && <EpisodeViewer key={`e${key}`} run={run} place={place} onPlace={setPlace} />}
      {run.memory > 0 && (
        <MemoryViewer key={`m${key}`} run={run} onOpen={(episode, step) => setPlace({ episode, step })} />
      )}
    </>
  );
}

/** The run that has most to see: one with a memory comes first. */
function best(runs: readonly ReportRun[]): ReportRun | undefined {
  return runs.find((r) => r.memory > 0 && r.episodes > 0) ?? runs[0];
}
