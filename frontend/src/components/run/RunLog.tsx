import type { Log } from "../../lib/api.gen";

const FIRST = 200;

/** The newest lines of the log. */
export function RunLog({ log }: { log: readonly Log[] }) {
  return (
    <details className="more" open={log.some((l) => l.level !== "info")}>
      <summary>Log, {log.length === 1 ? "1 line" : `${log.length} lines`}</summary>
      {log.length === 0 && <p className="fine">The run has not said anything yet.</p>}
      <ol className="log">
        {log.slice(-FIRST).map((line, i) => (
          <li key={i} className={`log-${line.level}`}>
            {line.level !== "info" && <strong>{line.level} </strong>}
            {line.text}
          </li>
        ))}
      </ol>
      {log.length > FIRST && <p className="fine">the newest {FIRST} lines are shown</p>}
    </details>
  );
}
