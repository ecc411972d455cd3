import type { ReactNode } from "react";
import { useApp } from "../../lib/app";
import type { StateDetail } from "../../lib/api.gen";
import { plural } from "../../lib/format";
import { useResource } from "../../lib/resource";
import { FailureBox } from "../common/FailureBox";
import { Loading } from "../common/Loading";

interface Props {
  path: string;
  state: number;
  revision: number;
  children: ReactNode;
}

const WORDS: Record<string, string> = { "-": "would go", "+": "would come back", " ": "" };

/** What restoring a state would change, line by line. */
export function StatePreview({ path, state, revision, children }: Props) {
  const { transport } = useApp();
  const { data, error, reload } = useResource(`state ${path} ${state} ${revision}`, (signal) =>
    transport.get<StateDetail>(`notebook/state/${state}`, { path }, signal),
  );
  if (error) return <FailureBox failure={error} what="this state could not be read" onRetry={reload} />;
  if (!data) return <Loading what="this state" lines={3} />;
  if (data.added + data.removed === 0) return <p className="fine timeline-same">This is the present text.</p>;
  return (
    <div className="timeline-detail">
      <p className="timeline-action">
        {children}
        <span className="fine">
          {plural(data.added, "line")} would come back, {plural(data.removed, "line")} would go; undo takes it
          back
        </span>
      </p>
      <div className="diff" tabIndex={0} role="region" aria-label="what would change">
        {(data.hunks ?? []).map((h, i) => (
          <div key={i} className="diff-hunk">
            {(h.lines ?? []).map((l, k) => (
              <div
                key={k}
                className={
                  l.mark === "+" ? "diff-line diff-in" : l.mark === "-" ? "diff-line diff-out" : "diff-line"
                }
              >
                <span className="diff-mark" aria-hidden="true">
                  {l.mark === "-" ? "−" : l.mark}
                </span>
                {WORDS[l.mark] && <span className="unseen">{WORDS[l.mark]}: </span>}
                <code>{l.text || " "}</code>
              </div>
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}
