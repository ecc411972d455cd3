import type { Notebook, Results } from "../../lib/api.gen";
import { plural } from "../../lib/format";
import { keyLabel } from "../../lib/keys";
import type { Edit } from "../../lib/ops";
import { library } from "../../lib/route";
import { isMac } from "../../lib/platform";
import type { SessionState } from "../../lib/session";
import { Button } from "../common/Button";
import { RouteLink } from "../common/RouteLink";
import { ProblemList } from "./ProblemList";

interface Props {
  notebook: Notebook;
  results: Results | undefined;
  refused: SessionState["refused"];
  /** Another page writes; this one reads. */
  reading: boolean;
  onTakeOver: () => void;
  asText: boolean;
  onText: () => void;
  onTimeline: () => void;
  onDismiss: () => void;
  onGo: (cell: string) => void;
  onSend: (edit: Edit) => void;
  onLesson: () => void;
}

/** Above the cells: where the file is, undo and redo, what is wrong, what is recorded. */
export function NotebookHead(props: Props) {
  const { notebook, results, refused, reading, asText, onDismiss, onGo, onSend } = props;
  const { onLesson, onTakeOver, onText, onTimeline } = props;
  const problems = notebook.problems ?? [];
  const claims = (notebook.cells ?? []).filter((c) => c.kind === "claim").length;
  return (
    <header className="notebook-head">
      <p className="notebook-facts">
        <code>{notebook.path}</code>
        <span>paper {notebook.paper}</span>
        <span>{plural(claims, "claim")}</span>
        {notebook.imported && <span className="tag">{notebook.imported}</span>}
        {notebook.read_only && <span className="tag">shipped: an edit makes your copy</span>}
        {notebook.paper && (
          <>
            <RouteLink className="facts-link" to={{ ...library, paper: notebook.paper, view: "mechanism" }}>
              Mechanism
            </RouteLink>
            <RouteLink className="facts-link" to={{ ...library, paper: notebook.paper, view: "code" }}>
              Read the code
            </RouteLink>
          </>
        )}
        <span className="grow" />
        <span className="head-tools">
          <Button
            look="quiet"
            icon="play"
            title="guess first, then run; only the paper's knobs"
            onClick={onLesson}
          >
            As a lesson
          </Button>
          <Button
            look="quiet"
            icon="clock"
            title="what it said before; each state can be restored"
            onClick={onTimeline}
          >
            Timeline
          </Button>
          <Button
            look="quiet"
            icon="text"
            pressed={asText}
            title="the whole notebook as text"
            onClick={onText}
          >
            All as text
          </Button>
          <Button
            look="quiet"
            icon="undo"
            disabled={!notebook.can_undo}
            title={`${keyLabel("Mod+Z", isMac)} or u`}
            onClick={() => onSend({ type: "undo" })}
          >
            Undo
          </Button>
          <Button
            look="quiet"
            icon="redo"
            disabled={!notebook.can_redo}
            title={keyLabel("Mod+Shift+Z", isMac)}
            onClick={() => onSend({ type: "redo" })}
          >
            Redo
          </Button>
        </span>
      </p>
      {notebook.clash && (
        <div className="failure" role="alert">
          <p className="failure-what">this file was changed outside in the same place</p>
          <p className="hint">choose which text stays; undo brings the other one back</p>
          <p className="failure-foot">
            <Button onClick={() => onSend({ type: "keep-mine" })}>Keep mine</Button>
            <Button onClick={() => onSend({ type: "take-theirs" })}>Take the file</Button>
          </p>
        </div>
      )}
      {reading && (
        <div className="banner banner-reading" role="status">
          <span>Another page writes in this notebook. This one reads along.</span>
          <Button onClick={onTakeOver}>Take over</Button>
        </div>
      )}
      {results?.recorded && <p className="banner">Recorded results are shown: {results.recorded}.</p>}
      {refused && <Refused refused={refused} onDismiss={onDismiss} onSend={onSend} />}
      {problems.length > 0 && (
        <div className="problem-head">
          <p>
            {plural(problems.length, "problem")} in this notebook; nothing runs until{" "}
            {problems.length === 1 ? "it is" : "they are"} solved.
          </p>
          <ProblemList problems={problems} onGo={onGo} />
        </div>
      )}
    </header>
  );
}

interface RefusedProps {
  refused: NonNullable<SessionState["refused"]>;
  onDismiss: () => void;
  onSend: (edit: Edit) => void;
}

/** An edit that was not taken. What was typed is not lost: it can be written over what stands there now. */
function Refused({ refused, onDismiss, onSend }: RefusedProps) {
  const { failure, edit } = refused;
  const typed =
    failure.code === "conflict" && edit.type === "set-source" && edit.cell !== "" ? edit : undefined;
  return (
    <div className="failure" role="alert">
      <p className="failure-what">this edit was not taken: {failure.message}</p>
      {failure.hint && <p className="hint">{failure.hint}</p>}
      {typed && <pre className="plain">{typed.source}</pre>}
      <p className="failure-foot">
        {typed && (
          <Button onClick={() => onSend({ type: "set-source", cell: typed.cell, source: typed.source })}>
            Write mine over it
          </Button>
        )}
        <Button onClick={onDismiss}>{typed ? "Keep what stands there" : "All right"}</Button>
      </p>
    </div>
  );
}
