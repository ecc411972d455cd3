import type { Field, Notebook } from "./api.gen";
import { parseKnob, rangeOf } from "./knob";
import { keysOf } from "./notebook";
import {
  hasKey,
  isNumber,
  isWhole,
  knobsOf,
  partsOf,
  pointsOf,
  RANGE,
  type Axis,
  type Draft,
} from "./sweep-draft";

/** What is wrong with a draft, by the place where it is marked: a key, "over", over/PATH or over/PATH/PART. The server checks again. */
export type Faults = Record<string, string>;

const MOST = 1000;
const FIRST_VERDICT = 100;

export function faultsOf(draft: Draft, notebook: Notebook): Faults {
  const out: Faults = {};
  const kind = text(draft, "kind") || "grid";
  const knobs = knobsOf(notebook);
  const arms = keysOf((notebook.cells ?? []).find((c) => c.kind === "arms")?.value);
  const strange = Array.isArray(draft.head["arms"])
    ? draft.head["arms"].find((a) => arms.length > 0 && !arms.includes(String(a)))
    : undefined;
  if (strange !== undefined) out["arms"] = `there is no arm “${String(strange)}”, want ${listing(arms)}`;
  const seeds = wrongSeeds(text(draft, "seeds"));
  if (seeds) out["seeds"] = seeds;
  const metrics = (notebook.metrics ?? []).filter((m) => m.better !== "").map((m) => m.name);
  const metric = text(draft, "metric");
  if (metric === "" && kind === "halving")
    out["metric"] = `a halving sweep needs a metric, want ${listing(metrics)}`;
  if (metric !== "" && metrics.length > 0 && !metrics.includes(metric))
    out["metric"] = `points cannot be ranked by “${metric}”, want ${listing(metrics)}`;
  if (draft.over.length === 0) out["over"] = "a sweep needs a knob: add one below";
  for (const axis of draft.over) axisFaults(out, axis, kind, knobs.get(axis.path)?.field);
  const points = pointsOf(draft.over);
  if (kind === "grid" && points > MOST && points < Infinity)
    out["over"] = `these are ${points} combinations, want at most ${MOST}: try fewer values, or kind random`;
  if (kind === "halving") halvingFaults(out, draft, knobs.get(text(draft, "resource"))?.field);
  if (hasKey(kind, "samples")) samplesFaults(out, draft, kind, points);
  return out;
}

function text(draft: Draft, key: string): string {
  const value = draft.head[key];
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function number(draft: Draft, key: string): number | undefined {
  const value = draft.head[key];
  return typeof value === "number" ? value : undefined;
}

function listing(names: readonly string[]): string {
  return names.length === 1 ? `${names[0]}` : `one of ${names.join(", ")}`;
}

/** A count, a range with both ends or a list of both, of seeds that no claim is judged on. */
function wrongSeeds(said: string): string {
  const plain = said.trim();
  if (plain === "") return "";
  const form = "want a count (5), a range (0-4) or a list of both (0,7,10-14)";
  const count = /^\d+$/.test(plain) ? Number(plain) : undefined;
  if (count !== undefined) return count < 1 ? `seeds is ${plain}, ${form}` : highest(count - 1);
  let most = 0;
  for (const part of plain.split(",")) {
    const found = /^\s*(\d+)(?:-(\d+))?\s*$/.exec(part);
    if (!found) return `“${part.trim()}” is no seed: ${form}`;
    const [low, high] = [Number(found[1]), Number(found[2] ?? found[1])];
    if (high < low) return `“${part.trim()}” ends before it begins: ${form}`;
    most = Math.max(most, high);
  }
  return highest(most);
}

function highest(seed: number): string {
  return seed < FIRST_VERDICT
    ? ""
    : `seed ${seed} is for the verdicts of claims, want seeds 0 to ${FIRST_VERDICT - 1}`;
}

function axisFaults(out: Faults, axis: Axis, kind: string, field: Field | undefined): void {
  const at = `over/${axis.path}`;
  if (axis.range) return rangeFaults(out, axis, kind, field);
  const parts = partsOf(axis.values);
  if (parts.length === 0)
    out[at] = `${axis.path} needs values${field ? legal(field) : ""}, with commas between them`;
  const wrong = parts.map((part) => wrongValue(field, part)).find((why) => why !== "");
  if (wrong) out[at] = wrong;
}

/** The legal values of a knob in words, after a comma. */
function legal(field: Field): string {
  if (field.enum && field.enum.length > 0) return `, ${listing(field.enum)}`;
  const range = rangeOf(field);
  return range ? `, ${range}` : "";
}

function wrongValue(field: Field | undefined, part: string): string {
  if (!field) return "";
  if (field.enum && field.enum.length > 0)
    return field.enum.includes(part) ? "" : `“${part}” is none of its values, want ${listing(field.enum)}`;
  if (field.type === "bool")
    return part === "true" || part === "false" ? "" : `“${part}” is neither true nor false`;
  if (!isNumber(field)) return "";
  const parsed = parseKnob(field, part);
  return parsed.ok
    ? ""
    : `${parsed.why}${rangeOf(field) && !parsed.why.includes("outside") ? `, want ${rangeOf(field)}` : ""}`;
}

function rangeFaults(out: Faults, axis: Axis, kind: string, field: Field | undefined): void {
  const at = `over/${axis.path}`;
  if (kind === "grid") {
    out[at] = "a grid has nothing to draw from: write a list of values, or choose kind random";
    return;
  }
  if (field && !isNumber(field)) {
    out[at] = `${axis.path} takes no number: write a list of values${legal(field)}`;
    return;
  }
  const [from, to] = [axis.from, axis.to].map(Number) as [number, number];
  for (const part of RANGE.slice(0, 2)) {
    const said = axis[part];
    const wrong =
      said.trim() === "" ? `${part} is missing${field ? legal(field) : ""}` : wrongValue(field, said);
    if (wrong || !Number.isFinite(Number(said))) out[`${at}/${part}`] = wrong || `“${said}” is no number`;
  }
  if (out[`${at}/from`] || out[`${at}/to`]) return;
  const step = axis.step.trim() === "" ? undefined : Number(axis.step);
  if (from >= to) out[`${at}/to`] = `to is ${axis.to}, want more than from, which is ${axis.from}`;
  else if (axis.scale === "log" && from <= 0)
    out[`${at}/from`] = `from is ${axis.from}, want more than 0 with scale log`;
  else if (axis.scale === "log" && step !== undefined)
    out[`${at}/step`] = "scale log has no steps: leave it empty, or choose linear";
  else if (step !== undefined && !(step > 0 && step <= to - from))
    out[`${at}/step`] =
      `step is ${axis.step}, want more than 0 and at most ${Number((to - from).toPrecision(4))}`;
  else if (step !== undefined && isWhole(field) && !Number.isInteger(step))
    out[`${at}/step`] = `step is ${axis.step}, want a whole number`;
}

function halvingFaults(out: Faults, draft: Draft, field: Field | undefined): void {
  const resource = text(draft, "resource");
  if (resource === "")
    out["resource"] = "a halving sweep needs a knob of which later rungs have more, for example rl.steps";
  else if (field && !isNumber(field))
    out["resource"] = `${resource} takes no number, want a knob that counts work, for example rl.steps`;
  else if (draft.over.some((a) => a.path === resource))
    out["resource"] = `${resource} is tried over values, too: take it out of the knobs below`;
  for (const key of ["first", "last"]) {
    const value = number(draft, key);
    if (value === undefined || value <= 0) out[key] = `${key} is ${value ?? "missing"}, want more than 0`;
    else if (isWhole(field) && !Number.isInteger(value))
      out[key] = `${key} is ${value}, but ${resource} takes whole numbers`;
  }
  const [first, last] = [number(draft, "first"), number(draft, "last")];
  if (!out["last"] && first !== undefined && last !== undefined && last <= first)
    out["last"] = `last is ${last}, want more than first, which is ${first}`;
}

function samplesFaults(out: Faults, draft: Draft, kind: string, points: number): void {
  const samples = number(draft, "samples") ?? 0;
  const need = kind === "halving" && !out["first"] && !out["last"] ? atLeast(draft) : 1;
  if (samples < 1) out["samples"] = `kind ${kind} needs samples, ${Math.min(need, MOST)} to ${MOST}`;
  else if (samples < need)
    out["samples"] =
      `samples is ${samples}, want at least ${need}: of so many one point reaches the last rung`;
  else if (samples > points)
    out["samples"] = `samples is ${samples}, but the knobs have only ${points} different points`;
}

/** How many points a halving sweep needs so that one reaches its last rung: eta for every step from rung to rung. */
function atLeast(draft: Draft): number {
  const [first, last, eta] = [
    number(draft, "first") ?? 1,
    number(draft, "last") ?? 1,
    number(draft, "eta") ?? 3,
  ];
  return eta ** Math.max(1, Math.round(Math.log(last / first) / Math.log(eta)));
}

/** The place of a refusal by the server, "" where it has none in the form. */
export function placeOf(message: string, draft: Draft): string {
  for (const { path } of draft.over) {
    const part = new RegExp(`^(from|to|step) of ${path.replaceAll(".", "\\.")}\\b`).exec(message);
    if (part) return `over/${path}/${part[1]}`;
    // A knob may be named by its path, or by its section and its name: agent "mlp" has no knob "width".
    const dot = path.indexOf(".");
    const apart = message.startsWith(path.slice(0, dot)) && message.includes(`"${path.slice(dot + 1)}"`);
    if (message.includes(path) || apart) return `over/${path}`;
  }
  const named = /^(?:the sweep cell has no )?(\w+)\b/.exec(message)?.[1] ?? "";
  const keys = ["name", "kind", "arms", "seeds", "metric", "samples", "eta", "resource", "first", "last"];
  if (keys.includes(named)) return named;
  return keys.find((key) => new RegExp(`\\b(${key}|${key.replace(/s$/, "")})\\b`).test(message)) ?? "";
}
