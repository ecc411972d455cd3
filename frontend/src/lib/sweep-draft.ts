import type { Cell, Field, FieldValue, FormField, Json, Notebook } from "./api.gen";
import { parseKnob, showKnob } from "./knob";
import { keysOf } from "./notebook";
import { typedValue } from "./typed";

/** One knob of a sweep as it is typed: a list of values, or a range. */
export interface Axis {
  path: string;
  range: boolean;
  values: string;
  from: string;
  to: string;
  scale: string;
  step: string;
}

/** A sweep as its form shows it, before all of it is right and written. */
export interface Draft {
  /** The keys that the cell says, and those that were filled in since. */
  head: Record<string, Json>;
  over: readonly Axis[];
}

/** The parts of a range, in the order in which a person writes them. */
export const RANGE = ["from", "to", "scale", "step"] as const;

type Said = Record<string, Json>;

function mapOf(value: unknown): Said {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Said) : {};
}

/** What the cell says. */
export function draftOf(cell: Cell): Draft {
  const { over, ...head } = mapOf(cell.value);
  return { head, over: Object.entries(mapOf(over)).map(([path, said]) => axisOf(path, said)) };
}

function axisOf(path: string, said: Json): Axis {
  const range = mapOf(said);
  const text = (key: string) => showKnob(range[key] ?? null);
  return {
    path,
    range: !Array.isArray(said) && keysOf(said).length > 0,
    values: Array.isArray(said) ? showKnob(said) : "",
    from: text("from"),
    to: text("to"),
    scale: text("scale") || "linear",
    step: text("step"),
  };
}

/** Every knob of the notebook's set-up by its path, the kinds of its sections among them. */
export function knobsOf(notebook: Notebook): Map<string, FormField> {
  const all = new Map<string, FormField>();
  for (const cell of notebook.cells ?? []) {
    const kinds = cell.kinds ?? [];
    if (kinds.length === 0) continue;
    if (kinds.length > 1) all.set(`${cell.kind}.kind`, kindField(cell, kinds));
    for (const form of cell.fields ?? []) all.set(`${cell.kind}.${form.field.path}`, form);
  }
  return all;
}

function kindField(cell: Cell, kinds: string[]): FormField {
  const field: Field = {
    path: "kind",
    type: "string",
    doc: `what stands in the section ${cell.kind}`,
    unit: "",
    default: kinds[0] ?? "",
    fast: null,
    full: null,
    min: null,
    max: null,
    enum: kinds,
    paper: "",
    pitfall: "",
    symbol: "",
    group: "",
    main: false,
  };
  return { field, value: cell.choice, set: true };
}

export function isNumber(field: Field | undefined): boolean {
  return field?.type === "float" || isWhole(field);
}

export function isWhole(field: Field | undefined): boolean {
  return field?.type === "int" || field?.type === "uint";
}

/** The single texts of a list as it is typed. */
export function partsOf(values: string): string[] {
  return values
    .split(",")
    .map((v) => v.trim())
    .filter((v) => v !== "");
}

/** A value of a knob as it is typed. */
export function valueOf(field: Field | undefined, text: string): Json {
  if (!field || !isNumber(field)) return typedValue(text);
  const parsed = parseKnob(field, text);
  return parsed.ok ? parsed.value : text;
}

/** What the notebook would say of a knob. */
function saidOf(axis: Axis, field: Field | undefined, before: Json | undefined): Json {
  if (!axis.range) return partsOf(axis.values).map((text) => valueOf(field, text));
  const out: Said = { from: typedValue(axis.from), to: typedValue(axis.to) };
  if (axis.scale !== "linear" || mapOf(before)["scale"] === "linear") out["scale"] = axis.scale;
  if (axis.step.trim() !== "") out["step"] = typedValue(axis.step);
  return out;
}

/** The fewest keys that make the cell say what the draft does. What stays as it is, and what the form does not know, is not among them. */
export function changesOf(cell: Cell, draft: Draft, notebook: Notebook): FieldValue[] {
  const said = mapOf(cell.value);
  const out: FieldValue[] = [];
  for (const { field } of cell.fields ?? []) {
    const value = telling(draft.head[field.path], field);
    const had = said[field.path];
    if (
      had === undefined ? value !== null : !same(had, value) && !(value === null && same(had, field.default))
    )
      out.push({ field: field.path, value });
  }
  const knobs = knobsOf(notebook);
  const had = mapOf(said["over"]);
  for (const axis of draft.over) {
    const before = had[axis.path];
    const now = saidOf(axis, knobs.get(axis.path)?.field, before);
    const at = `over/${axis.path}`;
    if (before === undefined) out.push({ field: at, value: now });
    else if (keysOf(before).length > 0 && keysOf(now).length > 0)
      out.push(...within(at, mapOf(before), mapOf(now)));
    else if (!same(before, now)) out.push({ field: at, value: now });
  }
  const kept = new Set(draft.over.map((a) => a.path));
  for (const path of Object.keys(had)) if (!kept.has(path)) out.push({ field: `over/${path}`, value: null });
  return out;
}

/** The value of a key as it would be written; null leaves it out, because it says nothing. */
function telling(value: Json | undefined, field: Field): Json {
  if (value === undefined || value === null || value === "") return null;
  if (Array.isArray(value) && value.length === 0) return null;
  return same(value, field.default) ? null : value;
}

function within(at: string, before: Said, now: Said): FieldValue[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return keys
    .filter((key) => !same(before[key] ?? null, now[key] ?? null))
    .map((key) => ({ field: `${at}/${key}`, value: now[key] ?? null }));
}

function same(a: Json, b: Json): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Values to begin with for a knob that is added: all of a choice, else the present one and twice as much. */
export function newAxis(path: string, form: FormField | undefined): Axis {
  return {
    path,
    range: false,
    values: firstValues(form).map(showKnob).join(", "),
    from: "",
    to: "",
    scale: "linear",
    step: "",
  };
}

export function firstValues(form: FormField | undefined): Json[] {
  if (!form) return [];
  const { field, value } = form;
  if (field.enum && field.enum.length > 0) return field.enum;
  if (field.type === "bool") return [true, false];
  if (!isNumber(field) || typeof value !== "number") return [value];
  const other = field.max !== null && 2 * value > field.max ? value / 2 : 2 * value || 1;
  return [value, isWhole(field) ? Math.round(other) : Number(other.toPrecision(6))];
}

/** How many points the lists have together; Infinity with a range. */
export function pointsOf(over: readonly Axis[]): number {
  return over.reduce((n, a) => n * (a.range ? Infinity : new Set(partsOf(a.values)).size), 1);
}

/** The keys that only some kinds of sweep have. */
const OF: Record<string, readonly string[]> = {
  samples: ["random", "halving"],
  eta: ["halving"],
  resource: ["halving"],
  first: ["halving"],
  last: ["halving"],
};

/** Whether a sweep of that kind has that key. */
export function hasKey(kind: string, key: string): boolean {
  return OF[key]?.includes(kind) ?? true;
}

/** Whether a sweep of that kind cannot do without that key. */
export function needsKey(kind: string, key: string): boolean {
  if (key === "metric") return kind === "halving";
  return key !== "eta" && key in OF && hasKey(kind, key);
}

/** A draft of another kind, with what that needs filled in as far as it can be guessed. */
export function become(draft: Draft, kind: string, notebook: Notebook): Draft {
  const head: Record<string, Json> = { ...draft.head, kind };
  for (const key of Object.keys(OF)) if (!hasKey(kind, key)) delete head[key];
  const over = kind === "grid" ? draft.over.map(listed) : draft.over;
  const points = pointsOf(over);
  if (kind === "random") head["samples"] ??= Math.max(1, Math.min(8, points));
  if (kind === "halving") {
    const eta = points >= 3 ? 3 : 2;
    const steps = points >= 9 ? 2 : 1;
    if (eta !== 3) head["eta"] ??= eta;
    const most = Math.min(points, 1000);
    const samples = typeof head["samples"] === "number" ? head["samples"] : 0;
    head["samples"] = Math.min(most, Math.max(samples, eta ** steps));
    head["metric"] ??= notebook.metrics?.find((m) => m.better !== "")?.name ?? "";
    const resource = resources(notebook)[0];
    if (resource && head["resource"] === undefined) {
      const last = resource.value;
      const first = last / eta ** steps;
      head["resource"] = resource.path;
      head["first"] ??= resource.whole ? Math.max(1, Math.round(first)) : Number(first.toPrecision(4));
      head["last"] ??= last;
    }
  }
  return { head, over };
}

/** A range as a list of its ends: a grid has nothing to draw from. */
function listed(axis: Axis): Axis {
  return axis.range
    ? { ...axis, range: false, values: [axis.from, axis.to].filter(Boolean).join(", ") }
    : axis;
}

/** Knobs of which later rungs may have more: what counts work comes first. */
export function resources(notebook: Notebook): { path: string; value: number; whole: boolean }[] {
  const rank = (path: string) => {
    const i = ["steps", "updates", "episodes", "epochs"].indexOf(path.split(".")[1] ?? "");
    return i < 0 ? 9 : i;
  };
  return [...knobsOf(notebook)]
    .flatMap(([path, { field, value }]) =>
      isNumber(field) && typeof value === "number" && value > 0
        ? [{ path, value, whole: isWhole(field) }]
        : [],
    )
    .sort((a, b) => rank(a.path) - rank(b.path));
}
