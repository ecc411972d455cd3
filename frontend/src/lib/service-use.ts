import type { RunUsed } from "./api.gen";
import { count, duration } from "./format";

/** What a run used at its training service, as the run page says it: names and values. */
export function serviceFacts(used: RunUsed): [string, string][] {
  return [
    ["tokens in", count(used.input)],
    ["tokens out", count(used.output)],
    ["tokens trained", count(used.trained)],
    ["waited for it", duration(used.waited)],
    ["in its queue", used.told ? `${duration(used.queued)} of that` : "the service does not tell"],
    ["cost", used.priced ? dollars(used.dollars) : "no price is set"],
  ];
}

/** Dollars with as many places as small sums need. */
export function dollars(v: number): string {
  if (v === 0) return "0 dollars";
  if (v < 0.0001) return "under 0.0001 dollars";
  return `${v.toFixed(v < 1 ? 4 : 2)} dollars`;
}
