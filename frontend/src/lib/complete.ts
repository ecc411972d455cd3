import type { Cell, Notebook } from "./api.gen";
import { keysOf } from "./notebook";

/** A word that may stand here. */
export interface Word {
  label: string;
  detail: string;
  info: string;
}

/** The keys of a cell with their values, and the words of its expressions. */
export interface Spec {
  keys: readonly KeySpec[];
  /** Words of expressions: metrics, arms, cases. */
  words: readonly Word[];
}

export interface KeySpec extends Word {
  values: readonly Word[];
  /** The value is an expression or a list of names. */
  free: boolean;
}

/** What may be written in a line before the cursor: a key, a value, or a word of an expression. */
export function suggest(line: string, spec: Spec): { from: number; words: readonly Word[] } | undefined {
  const typed = /[\w.-]*$/.exec(line)?.[0] ?? "";
  const from = line.length - typed.length;
  const head = line.slice(0, from);
  // In a flow mapping the last comma or brace begins a new key.
  const part = head.slice(Math.max(head.lastIndexOf("{"), head.lastIndexOf(",")) + 1);
  const key = /^\s*(?:-\s+)?([\w.-]+)\s*:\s/.exec(part) ?? /^\s*(?:-\s+)?([\w.-]+)\s*:\s/.exec(head);
  if (!key) {
    if (/^\s*-\s+/.test(head)) return { from, words: spec.words };
    return /^\s*$/.test(part) && /^\s*\{?/.test(head)
      ? { from, words: spec.keys }
      : { from, words: spec.words };
  }
  const found = spec.keys.find((k) => k.label === key[1]);
  if (!found) return spec.words.length > 0 ? { from, words: spec.words } : undefined;
  const words = found.values.length > 0 ? found.values : found.free ? spec.words : [];
  return words.length > 0 ? { from, words } : undefined;
}

/** The words that a notebook gives to the text of a cell. */
export function specOf(cell: Cell, notebook: Notebook): Spec {
  const words = cell.kind === "claim" ? expressionWords(notebook) : namesOf(notebook);
  const keys: KeySpec[] = (cell.fields ?? []).map(({ field }) => ({
    label: field.path.split("/").at(-1) ?? field.path,
    detail: [field.type, field.unit].filter(Boolean).join(" "),
    info: [field.doc, field.paper && `paper: ${field.paper}`, field.pitfall].filter(Boolean).join(". "),
    values: valuesOf(field.path, field.type, field.enum ?? [], words),
    free: field.type === "string" || field.type === "strings",
  }));
  if ((cell.kinds ?? []).length > 0) {
    const values = (cell.kinds ?? []).map((k) => ({ label: k, detail: "kind", info: "" }));
    keys.unshift({
      label: "kind",
      detail: "",
      info: `what stands in the section ${cell.kind}`,
      values,
      free: false,
    });
  }
  if (cell.kind === "arms" || cell.kind === "cases" || cell.kind === "sweep")
    return { keys: [...keys, ...paths(notebook)], words };
  return { keys, words };
}

function valuesOf(path: string, type: string, legal: readonly string[], words: readonly Word[]): Word[] {
  if (legal.length > 0) return legal.map((label) => ({ label, detail: "", info: "" }));
  if (type === "bool") return ["true", "false"].map((label) => ({ label, detail: "", info: "" }));
  if (path === "metric" || path === "metrics") return words.filter((w) => w.detail === "metric");
  if (path === "arm" || path === "arms") return words.filter((w) => w.detail === "arm");
  if (path === "case" || path === "cases") return words.filter((w) => w.detail === "case");
  return [];
}

/** Every knob of the set-up by its path, for arms, cases and sweeps. */
export function paths(notebook: Notebook): KeySpec[] {
  return (notebook.cells ?? [])
    .filter((c) => (c.kinds ?? []).length > 0)
    .flatMap((c) => specKeys(c).map((k) => ({ ...k, label: `${c.kind}.${k.label}` })));
}

function specKeys(cell: Cell): KeySpec[] {
  return specOf({ ...cell, kind: "world" }, { cells: [], metrics: [] } as unknown as Notebook).keys.slice();
}

/** What an expression of a claim may call. */
const FUNCTIONS: readonly [string, string][] = [
  ["last", "last(metric, arm): the last value"],
  ["first", "first(metric, arm): the first value"],
  ["at", "at(metric, arm, x): the value at x"],
  ["mean", "mean(metric, arm, from, to): the mean between two x"],
  ["highest", "highest(metric, arm): the highest value"],
  ["lowest", "lowest(metric, arm): the lowest value"],
  ["slope", "slope(metric, arm): how much it rises with x"],
  ["steps-to", "steps-to(metric, arm, bound): the x at which it reaches a bound"],
];

/** Metrics, arms and cases of a notebook by name. */
export function namesOf(notebook: Notebook): Word[] {
  const cells = notebook.cells ?? [];
  const of = (kind: string) => cells.find((c) => c.kind === kind)?.value;
  const cases = of("cases");
  const conditions = keysOf(cases).flatMap((group) => keysOf((cases as Record<string, unknown>)[group]));
  return [
    ...(notebook.metrics ?? []).map((m) => ({ label: m.name, detail: "metric", info: m.doc })),
    ...keysOf(of("arms")).map((label) => ({ label, detail: "arm", info: "" })),
    ...conditions.map((label) => ({ label, detail: "case", info: "" })),
  ];
}

/** Words of an expression of a claim. */
export function expressionWords(notebook: Notebook): Word[] {
  const functions = FUNCTIONS.map(([label, info]) => ({ label, detail: "function", info }));
  return [...functions, ...namesOf(notebook)];
}

/** The kind of the fenced cell that holds the end of a text, "" outside of cells. */
export function fenceAt(text: string): string {
  let open = "";
  for (const line of text.split("\n")) {
    const fence = /^(```+|~~~+)\s*(?:ya?ml\s+)?([\w-]*)/.exec(line);
    if (fence) open = open === "" ? (fence[2] ?? "") || "text" : "";
  }
  return open === "text" ? "" : open;
}
