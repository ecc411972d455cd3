import type { Hit } from "./api.gen";
import { number, shown } from "./format";

/** More names of parts than this do not stand as columns; the largest parts of each candidate are named instead. */
const MOST_COLUMNS = 4;

export interface HitTable {
  /** Names of parts that stand as columns. */
  columns: string[];
  /** Parts that add up to the score; their bars are drawn. */
  terms: string[];
}

/** How the candidates of a reading are laid out. */
export function layoutHits(hits: readonly Hit[], sums: boolean): HitTable {
  const names: string[] = [];
  for (const h of hits)
    for (const name of Object.keys(h.parts ?? {})) if (!names.includes(name)) names.push(name);
  const from = names.filter((n) => n.startsWith("from-"));
  const plain = names.filter((n) => !n.startsWith("from-"));
  const many = plain.length > MOST_COLUMNS;
  const terms = !sums || many ? [] : from.length > 0 ? from : plain;
  return { columns: many ? [] : plain, terms };
}

/** A number with its sign, as differences and values are read. */
export function signed(value: Hit["score"] | undefined): string {
  if (value === undefined) return "–";
  const text = shown(value);
  return number(value) > 0 ? `+${text}` : text;
}

/** The largest parts of a candidate in words: "ring 3.5, glass 1.3 and 9 more". */
export function partWords(hit: Hit, most = 3): string {
  const parts = Object.entries(hit.parts ?? {}).sort((a, b) => number(b[1]) - number(a[1]));
  const text = parts
    .slice(0, most)
    .map(([name, v]) => `${name} ${shown(v)}`)
    .join(", ");
  return parts.length > most ? `${text} and ${parts.length - most} more` : text;
}

/** What a reason says of the formula, "" where it says none: "0.5 z(similarity) + 0.5 z(value)". */
export function formulaOf(reason: string): string {
  const i = reason.indexOf(" among ");
  return i > 0 && /[+(]/.test(reason.slice(0, i)) ? reason.slice(0, i) : "";
}

/** The rest of the reason behind the formula. */
export function gateOf(reason: string): string {
  const formula = formulaOf(reason);
  return formula ? reason.slice(formula.length).trim() : reason;
}
