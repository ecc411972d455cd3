import type { Field, Json } from "./api.gen";

export type Parsed = { ok: true; value: Json } | { ok: false; why: string };

/** Reads what was typed into a field. The server checks again; this only answers at once. */
export function parseKnob(field: Field, text: string): Parsed {
  const trimmed = text.trim();
  switch (field.type) {
    case "bool":
      return { ok: true, value: trimmed === "true" };
    case "string":
      return { ok: true, value: trimmed };
    case "int":
    case "uint":
    case "float":
      return one(field, trimmed);
    default:
      return many(field, trimmed);
  }
}

function many(field: Field, text: string): Parsed {
  const parts = text.split(/[,\s]+/).filter(Boolean);
  if (field.type === "strings") return { ok: true, value: parts };
  const values: Json[] = [];
  for (const part of parts) {
    const parsed = one(field, part);
    if (!parsed.ok) return parsed;
    values.push(parsed.value);
  }
  return { ok: true, value: values };
}

function one(field: Field, text: string): Parsed {
  const whole = field.type === "int" || field.type === "uint" || field.type === "ints";
  const value = Number(text.replaceAll("_", ""));
  if (text === "" || !Number.isFinite(value)) return { ok: false, why: `“${text}” is no number` };
  if (whole && !Number.isInteger(value)) return { ok: false, why: `${text} is no whole number` };
  const low = field.min !== null && value < field.min;
  const high = field.max !== null && value > field.max;
  if (low || high || (field.type === "uint" && value < 0)) {
    return { ok: false, why: `${text} is outside ${rangeOf(field) || "0 or more"}` };
  }
  return { ok: true, value };
}

/** The legal range in words: "0 to 1", "at least 1", "" without bounds. */
export function rangeOf(field: Field): string {
  const { min, max } = field;
  if (min !== null && max !== null) return `${plain(min)} to ${plain(max)}`;
  if (min !== null) return `at least ${plain(min)}`;
  return max !== null ? `at most ${plain(max)}` : "";
}

function plain(v: number): string {
  return Math.abs(v) >= 10_000 && Number.isInteger(v) ? v.toLocaleString("en-US") : String(v);
}

/** A value as it stands in the field. */
export function showKnob(value: Json): string {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(showKnob).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Step of the slider, where a field has one: a float between two bounds whose default a hand could find. */
export function sliderStep(field: Field): number | undefined {
  const { type, min, max } = field;
  if (type !== "float" || min === null || max === null || max - min > 10) return undefined;
  const usual = typeof field.default === "number" ? Math.abs(field.default) : 0;
  const fine = usual !== 0 && usual < (max - min) / 20;
  return fine ? undefined : (max - min) / 100;
}
