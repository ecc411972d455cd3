/** One model of a price table as it is typed. */
export interface PriceLine {
  model: string;
  prices: string[];
}

// While a table is typed, a name or a price may be empty: a dot stands for it in the line, and never reaches the server.
const HOLE = ".";

/** Reads a price table: a line a model, its name and then its prices. */
export function priceLines(text: string, columns: string[]): PriceLine[] {
  return text
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((words) => words[0] !== "")
    .map(([model = "", ...prices]) => ({
      model: model === HOLE ? "" : model,
      prices: columns.map((_, i) => {
        const p = prices[i] ?? "";
        return p === HOLE ? "" : p;
      }),
    }));
}

/** Writes a price table as priceLines reads it. */
export function priceText(rows: PriceLine[], columns: string[]): string {
  return rows
    .map((r) => [r.model || HOLE, ...columns.map((_, i) => r.prices[i] || HOLE)].join(" "))
    .join("\n");
}

/** A price table as the server takes it: rows without a name are left out, prices that are empty are 0. */
export function priceWire(text: string, columns: string[]): string {
  return priceLines(text, columns)
    .filter((r) => r.model !== "")
    .map((r) => [r.model, ...columns.map((_, i) => r.prices[i] || "0")].join(" "))
    .join("\n");
}
