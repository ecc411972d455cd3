import type { EditorView } from "@codemirror/view";
import { useEffect, useRef } from "react";
import { openEditor, replaceText, showProblems } from "../../lib/editor";
import { Settle } from "../../lib/settle";
import type { EditorProps } from "./Editor";

/** CodeMirror. The server's text replaces the shown one only while nobody types. */
export default function CodeEditor(props: EditorProps) {
  const { text, language, label, readOnly = false, focus = false, problems, token = "" } = props;
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | undefined>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const settle = useRef<Settle<string> | undefined>(undefined);
  const sent = useRef(text);
  const base = useRef(token);

  useEffect(() => {
    const parent = host.current;
    if (!parent) return;
    const waiting = new Settle<string>((value) => {
      sent.current = value;
      latest.current.onChange(value, base.current);
    });
    settle.current = waiting;
    const opened = openEditor({
      parent,
      text: latest.current.text,
      language,
      label,
      readOnly,
      suggest: latest.current.suggest ? (before, line) => latest.current.suggest?.(before, line) : undefined,
      onChange: (value) => waiting.push(value),
      onBlur: () => {
        waiting.flush();
        if (document.hasFocus()) latest.current.onDone?.();
      },
      onEscape: () => {
        waiting.flush();
        parent.closest<HTMLElement>("[tabindex]")?.focus({ preventScroll: true });
        latest.current.onLeave?.();
      },
    });
    view.current = opened;
    if (focus) opened.focus();
    return () => {
      waiting.flush();
      latest.current.onDone?.();
      opened.destroy();
    };
  }, [language, label, readOnly, focus]);

  useEffect(() => {
    const open = view.current;
    if (open && open.state.doc.toString().trim() === text.trim()) base.current = token;
    if (!open || settle.current?.waiting || open.state.doc.toString() === text) return;
    if (open.hasFocus && sent.current === open.state.doc.toString() && sent.current.trim() === text.trim())
      return;
    replaceText(open, text);
    base.current = token;
  }, [text, token]);

  useEffect(() => {
    if (view.current) showProblems(view.current, problems ?? []);
  }, [problems, text]);

  return <div className="editor" ref={host} />;
}
