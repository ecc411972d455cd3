import type { CompareRuns, FilterProblem } from "./api.gen";

/** Filters that show how they are written. */
export const EXAMPLES = [
  "state:done",
  "memory.kind:none",
  "lambda>0.3 seed<5",
  "success>=0.2",
  "-state:failed",
] as const;

/** Adds a condition to a filter; one on the same field gives way. */
export function withTerm(query: string, term: string): string {
  const field = fieldOf(term);
  const kept = query.split(/\s+/).filter((one) => one !== "" && (field === "" || fieldOf(one) !== field));
  return [...kept, term].join(" ");
}

function fieldOf(term: string): string {
  return /^-?([^:=<>!"]+)[:=<>!]/.exec(term)?.[1] ?? "";
}

/** The filter cut in three at the place of a problem: before, the flaw, behind. Places count characters, not code units. */
export function cutAt(query: string, problem: FilterProblem): [string, string, string] {
  const all = [...query];
  const end = Math.min(all.length, problem.at + problem.length);
  return [all.slice(0, problem.at).join(""), all.slice(problem.at, end).join(""), all.slice(end).join("")];
}

/** What the list counts: "24 of 10,000 runs in 6 arms". */
export function countText(runs: CompareRuns, count: (n: number) => string): string {
  const what = runs.total === 1 ? "run" : "runs";
  const arms = `${count(runs.arms)} ${runs.arms === 1 ? "arm" : "arms"}`;
  if (runs.found === runs.total) return `${count(runs.total)} ${what} in ${arms}`;
  return `${count(runs.found)} of ${count(runs.total)} ${what} in ${arms}`;
}

/** Puts a name in place of the one that is unknown. */
export function replaceAt(query: string, problem: FilterProblem, name: string): string {
  const [before, , behind] = cutAt(query, problem);
  return before + name + behind;
}
