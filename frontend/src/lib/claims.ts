/** The thresholds of a bound as the notebook writes it: ">= 0.10" has one, "0.4..0.6" has two. */
export function thresholds(bound: string): number[] {
  const numbers = bound.replace("..", " ").match(/[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?/gi) ?? [];
  return numbers.map(Number).filter(Number.isFinite);
}

export interface ClaimPart {
  value: string;
  holds: string;
}

/** Reads the value of a claim cell: one expression with its bound, or a list of both. */
export function claimParts(value: unknown): ClaimPart[] {
  if (typeof value !== "object" || value === null) return [];
  const { value: expressions, holds } = value as { value?: unknown; holds?: unknown };
  const left = list(expressions);
  const right = list(holds);
  const at = (items: string[], i: number) => items[i] ?? items[0] ?? "";
  return Array.from({ length: Math.max(left.length, right.length) }, (_, i) => ({
    value: at(left, i),
    holds: at(right, i),
  }));
}

function list(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  return (Array.isArray(value) ? value : [value]).map(String);
}
