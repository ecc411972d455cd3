import type { MetricSpec } from "./api.gen";

/** Charts that a run shows at first. */
export const AT_FIRST = 4;

const FIRST = [/success|return|reward|score|accuracy/, /memory/, /context/];

/** The metrics to draw at first: one of reward, of memory size, of context size, then the others in their order. */
export function chosenMetrics(metrics: readonly MetricSpec[]): string[] {
  const names = metrics.map((m) => m.name);
  const picked = FIRST.flatMap((pattern) => names.filter((n) => pattern.test(n)).slice(0, 1));
  return [...new Set([...picked, ...names])].slice(0, AT_FIRST);
}
