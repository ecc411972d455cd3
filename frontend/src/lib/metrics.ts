import type { Float, MetricSpec } from "./api.gen";

/** Charts that a run shows at first. */
export const AT_FIRST = 6;

/** Reward, memory size, operations on the memory, context, tokens, cost: one of each where it exists. */
const FIRST = [
  /success|return|reward|score|accuracy/,
  /memory/,
  /(read|wrote|write|deleted|merged|operations)/,
  /context/,
  /tokens/,
  /cost|price|money/,
];

/** The metrics to draw at first, then the others in their order. Of a run that is over only those that it recorded. */
export function chosenMetrics(
  metrics: readonly MetricSpec[],
  final: Readonly<Record<string, Float>> | null = null,
): string[] {
  const recorded = final && Object.keys(final).length > 0 ? final : undefined;
  const names = metrics.map((m) => m.name).filter((n) => !recorded || n in recorded);
  const picked: string[] = [];
  for (const pattern of FIRST) {
    const fits = names.filter((n) => pattern.test(n) && !picked.includes(n));
    const found = fits.find((n) => /^memory(_size)?$/.test(n)) ?? fits[0]; // the size itself before what is counted beside it
    if (found) picked.push(found);
  }
  return [...new Set([...picked, ...names])].slice(0, AT_FIRST);
}
