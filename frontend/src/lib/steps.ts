import type { EpisodeDetail, Step } from "./api.gen";
import { number } from "./format";

/** Steps at which something happened: a reward unlike the one before, a memory operation, the end. */
export function interesting(detail: EpisodeDetail): number[] {
  const steps = detail.steps ?? [];
  const operations = new Set((detail.memory ?? []).map((m) => m.t));
  return steps.filter((s, i) => s.done || operations.has(s.t) || changes(steps[i - 1], s)).map((s) => s.t);
}

function changes(before: Step | undefined, step: Step): boolean {
  const now = number(step.reward);
  return before === undefined ? now !== 0 : number(before.reward) !== now;
}

/** The next interesting step from here, or the end of the range that is known. */
export function nextOf(all: readonly number[], from: number, by: 1 | -1): number | undefined {
  return by > 0 ? all.find((t) => t > from) : [...all].reverse().find((t) => t < from);
}
