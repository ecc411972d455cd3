import type { Cell, FormField, Notebook, Problem } from "./api.gen";

/** Kinds of cells that are set up by a form. */
const SETUP = new Set(["world", "agent", "memory", "rl"]);

export function isSetup(cell: Cell): boolean {
  return SETUP.has(cell.kind);
}

/** What a cell is called in the outline and the address. */
export function cellTitle(cell: Cell): string {
  if (cell.kind === "prose" || cell.kind === "note") return firstLine(cell.source) || cell.kind;
  const name = cell.name || cell.choice;
  return name ? `${cell.kind}: ${name}` : cell.kind;
}

function firstLine(source: string): string {
  const line = source.split("\n").find((l) => l.trim() !== "") ?? "";
  const plain = line
    .replace(/^[#>*\-\s]+/, "")
    .replace(/[*_`$]/g, "")
    .trim();
  return plain.length > 48 ? plain.slice(0, 47) + "…" : plain;
}

/** Problems of one cell; those without a cell belong to the file. */
export function problemsOf(notebook: Notebook, cell: string): Problem[] {
  return (notebook.problems ?? []).filter((p) => p.cell === cell);
}

/** The paper's own knobs first, then the rest by group. */
export function splitFields(fields: readonly FormField[]): {
  main: FormField[];
  rest: [string, FormField[]][];
} {
  const main = fields.filter((f) => f.field.main);
  if (main.length === 0 && fields.length <= 6) return { main: [...fields], rest: [] };
  const groups = new Map<string, FormField[]>();
  for (const f of fields) {
    if (!f.field.main)
      groups.set(f.field.group || "other", [...(groups.get(f.field.group || "other") ?? []), f]);
  }
  return { main, rest: [...groups] };
}

/** Keys of a JSON object; none for anything else. */
export function keysOf(value: unknown): string[] {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
}

/** A field of a JSON object as text, "" when it is absent. */
export function textAt(value: unknown, key: string): string {
  if (typeof value !== "object" || value === null) return "";
  const found = (value as Record<string, unknown>)[key];
  return typeof found === "string" || typeof found === "number" ? String(found) : "";
}
