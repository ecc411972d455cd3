import type { Float, Step } from "./api.gen";
import { number } from "./format";

export interface Chance {
  name: string;
  p: number;
}

/** The numbers of a step: chances of the actions (largest first) apart from the rest. */
export function splitNumbers(numbers: Record<string, Float>): { chances: Chance[]; rest: [string, Float][] } {
  const chances: Chance[] = [];
  const rest: [string, Float][] = [];
  for (const [name, value] of Object.entries(numbers)) {
    const p = number(value);
    if (name.startsWith("p ") && p >= 0 && p <= 1) chances.push({ name: name.slice(2), p });
    else rest.push([name, value]);
  }
  chances.sort((a, b) => b.p - a.p || a.name.localeCompare(b.name));
  return { chances, rest };
}

/** The words of an answer with the chance of each, where the record has one log-probability a word; undefined where it has not. */
export function wordChances(step: Step): Chance[] | undefined {
  const words = step.action.split(/\s+/).filter((w) => w !== "");
  const state = (step.state ?? []).map(number);
  if (words.length === 0 || words.length !== state.length) return undefined;
  if (!state.every((v) => v <= 0)) return undefined;
  return words.map((name, i) => ({ name, p: Math.exp(state[i] ?? 0) }));
}

/** The chance of the whole answer: the product of those of its words. */
export function wholeChance(words: readonly Chance[]): number {
  return words.reduce((p, w) => p * w.p, 1);
}

/** A chance for reading: two places, and never 0 or 1 where it is not. */
export function chance(p: number): string {
  if (p === 0 || p === 1) return String(p);
  if (p < 0.005) return p < 0.001 ? "< 0.001" : p.toFixed(3);
  return p > 0.995 ? "> 0.99" : p.toFixed(2);
}
