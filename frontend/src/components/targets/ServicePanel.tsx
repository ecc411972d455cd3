import { useEffect, useId, useState } from "react";
import type { ServiceState, TargetRow } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { useResource } from "../../lib/resource";
import { clock } from "../../lib/format";
import { Button } from "../common/Button";

/** How often the machine is asked how its service stands, in milliseconds. */
const AGAIN = 10_000;

const WORDS: Record<string, [mark: string, word: string, tone: string]> = {
  running: ["▸", "running there", "live"],
  waiting: ["○", "waiting there", "wait"],
  gone: ["!", "ended there", "bad"],
};

interface Props {
  row: TargetRow;
  busy: boolean;
  /** It is asked whether to stop it. */
  stopping: boolean;
  onStopping: (on: boolean) => void;
  onStart: () => void;
  onStop: (keep: boolean) => void;
}

/** A service that Loci starts: how it stands on its machine, the end of its log, and the way to start and to stop it. */
export function ServicePanel({ row, busy, stopping, onStopping, onStart, onStop }: Props) {
  return (
    <div className="service">
      {row.started && !busy && <Standing name={row.name} />}
      {!row.started && !busy && <p className="fine">○ not started; nothing of it is on the machine.</p>}
      <span className="secret-buttons">
        {!stopping && (
          <Button look={row.started ? "plain" : "main"} disabled={busy} onClick={onStart}>
            {row.started ? "Start again" : "Start"}
          </Button>
        )}
        {row.started && !stopping && <Button onClick={() => onStopping(true)}>Stop</Button>}
      </span>
      {row.started && stopping && (
        <StopForm
          name={row.name}
          onStop={(keep) => {
            onStopping(false);
            onStop(keep);
          }}
          onCancel={() => onStopping(false)}
        />
      )}
    </div>
  );
}

/** Asks the machine now and then, and shows its last answer with its time. */
function Standing({ name }: { name: string }) {
  const { transport } = useApp();
  const read = useResource(`service-${name}`, (signal) =>
    transport.get<ServiceState>(`target/${encodeURIComponent(name)}/state`, { lines: "40" }, signal),
  );
  const { reload } = read;
  useEffect(() => {
    const timer = setInterval(() => document.hidden || reload(), AGAIN);
    return () => clearInterval(timer);
  }, [reload]);
  const state = read.data;
  const [mark, word, tone] = WORDS[state?.state ?? ""] ?? ["○", "asking its machine", "quiet"];
  const heard = state ? `, last heard ${clock(state.asked_ms).slice(0, 5)}` : "";
  return (
    <>
      <p>
        <span className={`mark tone-${read.error ? "wait" : tone}`}>
          <span className="mark-shape" aria-hidden="true">
            {read.error ? "~" : mark}
          </span>
          {read.error && !state ? "not known" : word}
        </span>
        {heard}
        {state?.why && <span className="fine"> · {state.why}</span>}
        {state?.address && (
          <span className="fine">
            {" "}
            · <code>{state.address}</code> there
          </span>
        )}
      </p>
      {read.error && (
        <p className="setting-refused">
          ! {read.error.message}; {read.error.hint}
        </p>
      )}
      {state && state.log !== "" && (
        <details>
          <summary>the end of its log</summary>
          <pre className="service-log" tabIndex={0}>
            {state.log}
          </pre>
        </details>
      )}
    </>
  );
}

interface StopProps {
  name: string;
  onStop: (keep: boolean) => void;
  onCancel: () => void;
}

/** Stopping ends paid work and removes what runs kept there, so its name is typed. */
function StopForm({ name, onStop, onCancel }: StopProps) {
  const id = useId();
  const [typed, setTyped] = useState("");
  const [keep, setKeep] = useState(false);
  const right = typed.trim() === name;
  return (
    <form
      className="secret-form"
      aria-label={`Stop ${name}`}
      onSubmit={(e) => {
        e.preventDefault();
        if (right) onStop(keep);
      }}
      onKeyDown={(e) => {
        if (e.key === "Escape") onCancel();
        e.stopPropagation();
      }}
    >
      <label htmlFor={`${id}-name`}>
        Type {name} to stop it
        <input
          id={`${id}-name`}
          type="text"
          autoComplete="off"
          autoFocus
          value={typed}
          onChange={(e) => setTyped(e.target.value)}
        />
      </label>
      <div className="blank-switch">
        <input id={`${id}-keep`} type="checkbox" checked={keep} onChange={(e) => setKeep(e.target.checked)} />
        <label htmlFor={`${id}-keep`}>Keep its folder there</label>
        <span className="fine">
          with the states that runs kept at it, so that they go on after the next start
        </span>
      </div>
      <span className="secret-buttons">
        <Button look="danger" disabled={!right} onClick={() => onStop(keep)}>
          Stop the service
        </Button>
        <Button onClick={onCancel}>Cancel</Button>
      </span>
    </form>
  );
}
