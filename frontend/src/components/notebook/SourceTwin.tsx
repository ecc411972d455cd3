import { useMemo } from "react";
import { useApp } from "../../lib/app";
import type { Notebook, Source } from "../../lib/api.gen";
import { fenceAt, specOf, suggest } from "../../lib/complete";
import { useResource } from "../../lib/resource";
import { Editor } from "../common/Editor";
import { FailureBox } from "../common/FailureBox";
import { Loading } from "../common/Loading";
import type { CellActions } from "./actions";

interface Props {
  notebook: Notebook;
  actions: CellActions;
  onLeave: () => void;
}

/** The whole notebook as text, with its errors in place. */
export function SourceTwin({ notebook, actions, onLeave }: Props) {
  const { transport } = useApp();
  const { path, revision } = notebook;
  const { data, error, reload } = useResource(`source ${path} ${revision}`, (signal) =>
    transport.get<Source>("notebook/source", { path }, signal),
  );
  const marks = useMemo(
    () =>
      (notebook.problems ?? []).map((p) => ({
        line: p.line,
        column: p.column,
        message: `${p.msg}\n${p.hint}`,
      })),
    [notebook.problems],
  );
  const complete = (before: string, line: string) => {
    const kind = fenceAt(before);
    const cell = (notebook.cells ?? []).find((c) => c.kind === kind);
    return cell ? suggest(line, specOf(cell, notebook)) : undefined;
  };
  const text = useLast(data?.text);
  if (error) return <FailureBox failure={error} what="the text could not be read" onRetry={reload} />;
  if (text === undefined) return <Loading what="the text" lines={10} />;
  return (
    <div className="source-twin" tabIndex={-1}>
      <Editor
        text={text}
        language="yaml"
        label="text of the whole notebook"
        focus
        problems={marks}
        suggest={complete}
        onChange={(source) => actions.send({ type: "set-source", cell: "", source })}
        onLeave={onLeave}
      />
    </div>
  );
}

/** The newest text that came, so that the editor stays while the next one is read. */
function useLast(text: string | undefined): string | undefined {
  const kept = useMemo<{ text: string | undefined }>(() => ({ text: undefined }), []);
  if (text !== undefined) kept.text = text;
  return kept.text;
}
