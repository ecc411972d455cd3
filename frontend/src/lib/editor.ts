import {
  autocompletion,
  completionKeymap,
  type CompletionContext,
  type CompletionResult,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { markdown } from "@codemirror/lang-markdown";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { Annotation, EditorState, StateEffect, StateField, type Extension } from "@codemirror/state";
import { Decoration, EditorView, keymap, lineNumbers, tooltips, type DecorationSet } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { Word } from "./complete";

/** A mark in the text: 1-based line and column. */
export interface EditorProblem {
  line: number;
  column: number;
  message: string;
}

const colours = HighlightStyle.define([
  { tag: [tags.definition(tags.propertyName), tags.propertyName, tags.heading], color: "var(--code-key)" },
  { tag: [tags.string, tags.content], color: "var(--text)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--code-value)" },
  { tag: [tags.comment, tags.meta], color: "var(--muted)" },
  { tag: tags.strong, fontWeight: "600" },
  { tag: tags.emphasis, fontStyle: "italic" },
  { tag: tags.link, color: "var(--link)" },
]);

const look = EditorView.theme({
  "&": { fontSize: "14px", backgroundColor: "var(--field)", color: "var(--text)" },
  "&.cm-focused": { outline: "2px solid var(--focus)", outlineOffset: "-2px" },
  ".cm-content": { fontFamily: "var(--mono)", caretColor: "var(--text)", padding: "8px 0" },
  ".cm-gutters": { backgroundColor: "var(--field)", color: "var(--muted)", border: "none" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground, ::selection": {
    backgroundColor: "var(--selection) !important",
  },
  ".cm-tooltip": {
    border: "1px solid var(--line-strong)",
    borderRadius: "6px",
    backgroundColor: "var(--raised)",
    color: "var(--text)",
    boxShadow: "var(--shadow)",
  },
  ".cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", maxHeight: "14em" },
  ".cm-tooltip-autocomplete > ul > li": { padding: "2px 8px", lineHeight: "22px" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": {
    backgroundColor: "var(--selection)",
    color: "var(--text)",
  },
  ".cm-completionDetail": { color: "var(--muted)", fontStyle: "normal" },
  ".cm-completionInfo": { padding: "6px 10px", maxWidth: "36ch", fontFamily: "var(--sans)" },
  ".cm-problem": { textDecoration: "underline wavy var(--bad)", textUnderlineOffset: "3px" },
});

/** Marks a change that came from the server: it must not be sent back. */
const fromServer = Annotation.define<boolean>();

const setProblems = StateEffect.define<readonly EditorProblem[]>();

const problemMarks = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, tr) {
    for (const effect of tr.effects) if (effect.is(setProblems)) return build(tr.state, effect.value);
    return marks.map(tr.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

function build(state: EditorState, problems: readonly EditorProblem[]): DecorationSet {
  const ranges = problems.flatMap(({ line, column, message }) => {
    if (line < 1 || line > state.doc.lines) return [];
    const at = state.doc.line(line);
    const from = Math.min(at.from + Math.max(0, column - 1), Math.max(at.from, at.to - 1));
    if (from >= at.to) return [];
    return [Decoration.mark({ class: "cm-problem", attributes: { title: message } }).range(from, at.to)];
  });
  return Decoration.set(ranges, true);
}

/** Shows the problems in the text. */
export function showProblems(view: EditorView, problems: readonly EditorProblem[]): void {
  view.dispatch({ effects: setProblems.of(problems) });
}

/** What may be written before the cursor: the text up to it, and its line up to it. */
export type Suggest = (before: string, line: string) => { from: number; words: readonly Word[] } | undefined;

function source(suggest: Suggest) {
  return (context: CompletionContext): CompletionResult | null => {
    const line = context.state.doc.lineAt(context.pos);
    const head = line.text.slice(0, context.pos - line.from);
    const found = suggest(context.state.doc.sliceString(0, line.from), head);
    if (!found || (!context.explicit && found.from === head.length && !/[:,(]\s$/.test(head))) return null;
    const options = found.words.map((w) => ({
      label: w.label,
      detail: w.detail,
      ...(w.info ? { info: w.info } : {}),
    }));
    return { from: line.from + found.from, options, validFor: /^[\w.-]*$/ };
  };
}

export interface EditorParts {
  parent: HTMLElement;
  text: string;
  language: "yaml" | "markdown";
  label: string;
  readOnly: boolean;
  suggest: Suggest | undefined;
  onChange: (text: string) => void;
  onBlur: () => void;
  onEscape: () => void;
}

/** Opens an editor in an element. Tab leaves the field unless text is indented with it: Escape, then Tab always leaves. */
export function openEditor(parts: EditorParts): EditorView {
  const extensions: Extension[] = [
    parts.language === "yaml" ? [yaml(), lineNumbers()] : [markdown(), EditorView.lineWrapping],
    history(),
    bracketMatching(),
    syntaxHighlighting(colours),
    look,
    problemMarks,
    tooltips({ position: "fixed", parent: document.body }),
    parts.suggest ? autocompletion({ override: [source(parts.suggest)], icons: false }) : [],
    keymap.of([
      ...(parts.suggest ? completionKeymap : []),
      { key: "Escape", run: () => (parts.onEscape(), true) },
      indentWithTab,
      ...defaultKeymap.filter((k) => k.key !== "Mod-Enter" && k.key !== "Shift-Mod-k"),
      ...historyKeymap,
    ]),
    EditorState.readOnly.of(parts.readOnly),
    EditorView.contentAttributes.of({ "aria-label": parts.label }),
    EditorView.updateListener.of((u) => {
      const typed = u.docChanged && !u.transactions.some((tr) => tr.annotation(fromServer) === true);
      if (typed) parts.onChange(u.state.doc.toString());
    }),
    EditorView.domEventHandlers({ blur: () => parts.onBlur() }),
  ];
  return new EditorView({ parent: parts.parent, state: EditorState.create({ doc: parts.text, extensions }) });
}

/** Replaces the text, keeping the cursor where it can stay. */
export function replaceText(view: EditorView, text: string): void {
  const { anchor, head } = view.state.selection.main;
  const end = text.length;
  view.dispatch({
    changes: { from: 0, to: view.state.doc.length, insert: text },
    selection: { anchor: Math.min(anchor, end), head: Math.min(head, end) },
    annotations: fromServer.of(true),
  });
}
