import type { Stale } from "./api.gen";

/** "made with 0.3 (value, ungated)" where runs that still stand read another value of a knob, "" else. */
export function staleField(stale: Stale | undefined, path: string): string {
  const mine = (stale?.fields ?? []).filter((f) => f.path === path);
  return mine.map((f) => `made with ${f.was} (${few(f.arms ?? [])})`).join(", ");
}

function few(arms: readonly string[]): string {
  return arms.length > 3 ? `${arms.slice(0, 2).join(", ")} and ${arms.length - 2} more` : arms.join(", ");
}

/** What an arm's standing results were made with, "" where they are of the present settings. */
export function staleArm(stale: Stale | undefined, arm: string): string {
  return (stale?.runs ?? []).find((r) => r.arm === arm)?.with ?? "";
}
