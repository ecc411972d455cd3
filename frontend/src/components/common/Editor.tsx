import { lazy, Suspense } from "react";
import type { Suggest } from "../../lib/editor";

export interface EditorProps {
  text: string;
  language: "yaml" | "markdown";
  label: string;
  readOnly?: boolean;
  focus?: boolean;
  /** Marks: 1-based line and column within the text, with the message. */
  problems?: readonly { line: number; column: number; message: string }[];
  /** Completion of keys, values and names. */
  suggest?: Suggest;
  /** Names the text; what is typed comes with the name of the text that was typed over. */
  token?: string;
  /** Called while typing, at the latest 800 ms after the first key. */
  onChange: (text: string, token: string) => void;
  /** Escape was pressed. */
  onLeave?: () => void;
  /** The focus went elsewhere on the page, or the editor was taken away; what was typed has been passed on. */
  onDone?: () => void;
}

const CodeEditor = lazy(() => import("./CodeEditor"));

/** A text editor that is loaded when the first one is opened; until then the text can be read. */
export function Editor(props: EditorProps) {
  return (
    <Suspense fallback={<pre className="editor-wait">{props.text}</pre>}>
      <CodeEditor {...props} />
    </Suspense>
  );
}
