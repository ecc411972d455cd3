import type { CompareArm, CompareMark, CompareRow, CompareTable, Comparison, Interval } from "./api.gen";
import { age, number, shown } from "./format";
import { formatRoute, type CompareRoute } from "./route";
import type { Query } from "./transport";

/** Rows of a page of the list; so many stay in the page. */
export const PAGE = 60;

/** Arms that stand side by side at most. */
export const MOST_ARMS = 18;

/** Ways to sort the list that the key s goes through: newest, the first row's metric, arm, seed, time. */
export function sortsOf(rows: readonly CompareRow[]): string[] {
  const metric = rows.find((r) => r.metric !== "")?.metric;
  return ["", ...(metric ? [`-${metric}`] : []), "arm", "seed", "-seconds"];
}

/** The run of a marked arm among the marks, if the row's arm is marked. */
export function markOf(row: CompareRow, marks: readonly CompareMark[]): CompareMark | undefined {
  return marks.find((m) => m.arm_id === row.arm_id);
}

/** Marks the row's arm, or takes its mark away: all its seeds have one mark. */
export function toggleMark(
  route: CompareRoute,
  row: CompareRow,
  marks: readonly CompareMark[],
): CompareRoute | undefined {
  const marked = markOf(row, marks);
  if (marked) return without(route, marked.key);
  if (route.arms.length >= MOST_ARMS) return undefined;
  return { ...route, arms: [...route.arms, row.key] };
}

/** Takes an arm off, and everything that speaks of it. */
export function without(route: CompareRoute, key: string): CompareRoute {
  const gone = (value: string) => (value === key ? "" : value);
  return {
    ...route,
    arms: route.arms.filter((k) => k !== key),
    hidden: route.hidden.filter((k) => k !== key),
    base: gone(route.base),
    other: gone(route.other),
  };
}

/** Hides an arm from the charts, or shows it again. */
export function toggleHidden(route: CompareRoute, key: string): CompareRoute {
  const hidden = route.hidden.includes(key) ? route.hidden.filter((k) => k !== key) : [...route.hidden, key];
  return { ...route, hidden };
}

/** The way to sort that a click on a column asks for: falling first for numbers, then turned round, then newest first again. */
export function nextSort(sort: string, column: string): string {
  const falling = "-" + column;
  const words = ["arm", "case", "paper", "budget", "state", "seed"].includes(column);
  const order = words ? [column, falling] : [falling, column];
  const at = order.indexOf(sort);
  return at < 0 ? (order[0] ?? "") : (order[at + 1] ?? "");
}

/** What a screen reader hears of a column's order. */
export function ariaSort(sort: string, column: string): "ascending" | "descending" | "none" {
  return sort === column ? "ascending" : sort === "-" + column ? "descending" : "none";
}

/** What a picture of the comparison asks of the server. */
export function chartQuery(kind: string, route: CompareRoute, metric: string): Query {
  const query: Query = { kind, arms: route.arms.join(","), metric };
  if (route.base) query["base"] = route.base;
  if (route.hidden.length > 0) query["hidden"] = route.hidden.join(",");
  if (kind === "cost" && route.cost) query["cost"] = route.cost;
  return query;
}

/** The topic that brings news of a picture. */
export function chartTopic(query: Query): string {
  const q = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) q.set(name, String(value));
  return `compare:${q.toString()}`;
}

/** An interval in two parts: the mean, and its ends where there are enough seeds. */
export function ends(i: Interval | undefined): { mean: string; ends: string } {
  if (!i || i.n === 0) return { mean: "–", ends: "" };
  const low = number(i.low);
  return { mean: shown(i.mean), ends: Number.isNaN(low) ? "" : `${shown(i.low)} .. ${shown(i.high)}` };
}

/** A difference with its sign. */
export function signed(value: Comparison["mean"]): string {
  return number(value) > 0 ? `+${shown(value)}` : shown(value);
}

/** How long ago something began; after two days its date. */
export function since(ms: number, now: number): string {
  if (ms <= 0) return "–";
  if (now - ms < 172_800_000) return age(ms, now) || "just now";
  return new Date(ms).toISOString().slice(0, 10);
}

/** What the sign-flip test says, with its floor where no smaller p was possible. */
export function pText(d: Comparison): string {
  if (d.n === 0) return "no common seed";
  const p = shownP(d.p);
  const text = d.corrected > 1 ? `p ${p}, corrected ${shownP(d.holm)}` : `p ${p}`;
  return number(d.p) <= number(d.floor) ? `${text}; ${d.n} pairs have no smaller p` : text;
}

function shownP(value: Comparison["p"]): string {
  const p = number(value);
  if (Number.isNaN(p)) return "–";
  return p < 0.001 ? "< 0.001" : String(Number(p.toPrecision(3)));
}

/** The metrics that the light table shows at first: the chosen one, then others with a better side, three in all. */
export function firstMetrics(table: CompareTable): string[] {
  const costs = new Set((table.costs ?? []).map((m) => m.name));
  const rest = (table.metrics ?? []).filter((m) => m.better !== "" && !costs.has(m.name)).map((m) => m.name);
  return [...new Set([table.metric, ...rest])].filter(Boolean).slice(0, 3);
}

/** The columns of cost: tokens and money before sizes, two at most. */
export function firstCosts(table: CompareTable): string[] {
  const order = (unit: string) => (unit === "tokens" ? 0 : unit === "dollars" ? 1 : 2);
  return [...(table.costs ?? [])]
    .sort((a, b) => order(a.unit) - order(b.unit))
    .slice(0, 2)
    .map((m) => m.name);
}

/** The best mean of a metric among the arms that can be compared with the base; -1 where none is best. */
export function bestArm(table: CompareTable, metric: string): number {
  const at = (table.metrics ?? []).findIndex((m) => m.name === metric);
  const better = table.metrics?.[at]?.better;
  if (at < 0 || (better !== "higher" && better !== "lower")) return -1;
  const arms = table.arms ?? [];
  if (arms.some((a) => (a.obstacles ?? []).length > 0)) return -1;
  const means = arms.map((a) => number(a.values?.[at]?.mean) * (better === "lower" ? -1 : 1));
  const known = means.filter((m) => !Number.isNaN(m));
  const best = Math.max(...known);
  const winners = means.filter((m) => m === best).length;
  return known.length > 1 && winners === 1 ? means.indexOf(best) : -1;
}

/** Seeds as people write them: 0 to 4, or 1, 5, 9. */
export function seedText(seeds: readonly string[]): string {
  const n = seeds.map(Number);
  const run = n.length > 2 && n.every((v, i) => i === 0 || v === (n[i - 1] ?? NaN) + 1);
  return run ? `${seeds[0]} to ${seeds[seeds.length - 1]}` : seeds.join(", ");
}

/** The arm whose worlds are set against the base's: the chosen one, else the first other that can be compared. */
export function otherArm(table: CompareTable, route: CompareRoute): CompareArm | undefined {
  const arms = table.arms ?? [];
  const others = arms.filter((_, i) => i !== table.base);
  return (
    others.find((a) => a.key === route.other) ??
    others.find((a) => (a.obstacles ?? []).length === 0) ??
    others[0]
  );
}

/** The address of what is shown, for a note. */
export function viewAddress(route: CompareRoute): string {
  return formatRoute({ ...route, query: "", sort: "", from: -1, view: "" });
}

/** A note cell that keeps what a comparison says, and where it stands. */
export function noteSource(table: CompareTable, route: CompareRoute, date: string): string {
  const arms = (table.arms ?? []).map((a) => `${a.label} (${(a.seeds ?? []).length} seeds)`).join(", ");
  const text = `${table.sentence} ${table.interval}. Arms: ${arms}. View: ${viewAddress(route)}`;
  return `text: ${JSON.stringify(text)}\ndate: "${date}"\n`;
}

/** A chart cell of the same arms, where they are all of one notebook's present set-up; else undefined. */
export function chartSource(table: CompareTable): string | undefined {
  const arms = table.arms ?? [];
  const first = arms[0];
  const names = [...new Set(arms.map((a) => a.name))];
  const cases = [...new Set(arms.map((a) => a.case).filter(Boolean))];
  if (!first || !table.metric || arms.some((a) => a.paper !== first.paper || a.budget !== first.budget))
    return undefined;
  if (arms.length !== names.length * Math.max(cases.length, 1)) return undefined;
  const lines = [`metric: ${table.metric}`, `arms: ${JSON.stringify(names)}`];
  if (cases.length > 0) lines.push(`cases: ${JSON.stringify(cases)}`);
  return [...lines, `title: ${JSON.stringify(`Compared: ${table.metric}`)}`, ""].join("\n");
}
