import type { Notebook } from "./api.gen";
import { showKnob } from "./knob";
import { keysOf } from "./notebook";
import { NEW_SECTION } from "./ops";
import { firstValues, isNumber, knobsOf } from "./sweep-draft";

/** Kinds of cells that can be added, in the order of the menu. */
export const ADDABLE = [
  "prose",
  "chart",
  "claim",
  "table",
  "note",
  "memory-view",
  "arms",
  "cases",
  "run",
  "sweep",
] as const;
export type Addable = (typeof ADDABLE)[number];

export const ADD_NAMES: Record<Addable, string> = {
  prose: "Text",
  chart: "Chart",
  claim: "Claim",
  table: "Table",
  note: "Note",
  "memory-view": "Memory view",
  arms: "Arms",
  cases: "Cases",
  run: "Run",
  sweep: "Sweep",
};

const SINGLE = new Set<Addable>(["arms", "cases", "run"]);

/** What may be added to a notebook: some kinds stand there once. */
export function addable(notebook: Notebook): Addable[] {
  const there = new Set((notebook.cells ?? []).map((c) => c.kind));
  return ADDABLE.filter((kind) => !SINGLE.has(kind) || !there.has(kind));
}

/** The text of a new cell that means something at once: it names the notebook's own arms and metrics. */
export function newCell(kind: Addable, notebook: Notebook, today: string): string {
  const metric = notebook.metrics?.[0]?.name ?? "success";
  const arms = keysOf((notebook.cells ?? []).find((c) => c.kind === "arms")?.value);
  const [a, b] = [arms[0] ?? "base", arms[1]];
  switch (kind) {
    case "prose":
      return NEW_SECTION;
    case "chart":
      return `name: ${free(notebook, "chart", metric)}\nmetric: ${metric}\n`;
    case "claim":
      return `name: ${free(notebook, "claim", "claim")}\nvalue: last(${metric}, ${a})${b ? ` - last(${metric}, ${b})` : ""}\nholds: ">= 0"\n`;
    case "table":
      return `name: ${free(notebook, "table", "finals")}\n`;
    case "note":
      return `text: What I saw\ndate: ${today}\n`;
    case "memory-view":
      return `name: ${free(notebook, "memory-view", "memory")}\narm: ${a}\n`;
    case "arms":
      return "base: {}\n";
    case "cases":
      return "condition:\n  plain: {}\n";
    case "run":
      return "seeds: 5\nbudget: fast\ntarget: here\n";
    case "sweep":
      return `name: ${free(notebook, "sweep", "sweep")}\nover: {${knobToTry(notebook)}}\n`;
  }
}

/** The first number of what learns, of the learner first, with two values: a sweep of it can run at once. */
function knobToTry(notebook: Notebook): string {
  const rank = ["rl", "agent", "memory", "world"];
  const numbers = [...knobsOf(notebook)].filter(([, { field }]) => isNumber(field));
  numbers.sort(([a], [b]) => rank.indexOf(a.split(".")[0] ?? "") - rank.indexOf(b.split(".")[0] ?? ""));
  const knob = numbers.find(([, { field }]) => field.type === "float" && field.main) ?? numbers[0];
  return knob ? `${knob[0]}: [${firstValues(knob[1]).map(showKnob).join(", ")}]` : "";
}

/** The name, or the name with a number, that no cell of the kind has. */
function free(notebook: Notebook, kind: string, name: string): string {
  const taken = new Set((notebook.cells ?? []).filter((c) => c.kind === kind).map((c) => c.name));
  for (let i = 1; ; i++) {
    const one = i === 1 ? name : `${name}-${i}`;
    if (!taken.has(one)) return one;
  }
}
