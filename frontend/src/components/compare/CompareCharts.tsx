import type { CompareTable } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { chartQuery, chartTopic } from "../../lib/compare";
import type { CompareRoute } from "../../lib/route";
import { ChartView } from "../common/ChartView";

/** The pictures of a comparison, each with its sentence and its table. */
export function CompareCharts({
  table,
  route,
  version,
}: {
  table: CompareTable;
  route: CompareRoute;
  version: number;
}) {
  const app = useApp();
  const change = (next: Partial<CompareRoute>) => app.navigation.change({ ...route, ...next });
  const arms = table.arms ?? [];
  const base = arms[table.base];
  const tasks = (table.tasks ?? []).length;
  const seeds = Math.max(0, ...arms.map((a) => (a.seeds ?? []).length));
  const over = tasks > 1 || (tasks === 1 && seeds > 2);
  const costs = table.costs ?? [];
  const metric = (table.metrics ?? []).find((m) => m.name === table.metric);
  const chart = (kind: string, title: string, current = false, tall = false) => {
    const query = chartQuery(kind, route, table.metric);
    return (
      <div
        className={`compare-chart${tall ? ` rows-${Math.min(18, Math.max(1, arms.length))}` : ""}`}
        key={kind}
      >
        <ChartView
          title={title}
          source={{ path: "compare/chart", query, topic: chartTopic(query), rows: "compare/rows" }}
          version={version}
          current={current}
        />
      </div>
    );
  };
  if (!metric)
    return (
      <p className="hint">No run of these arms has ended yet: pictures come with the first one that does.</p>
    );
  return (
    <section className="compare-charts" aria-label="Charts">
      <h2>Charts</h2>
      <div className="compare-choice">
        <label className="field-inline">
          metric
          <select value={table.metric} onChange={(e) => change({ metric: e.target.value })}>
            {(table.metrics ?? []).map((m) => (
              <option key={m.name} value={m.name}>
                {m.unit && m.unit !== m.name ? `${m.name}, ${m.unit}` : m.name}
              </option>
            ))}
          </select>
        </label>
        <label className="field-inline">
          against cost
          <select value={route.cost} onChange={(e) => change({ cost: e.target.value })}>
            <option value="">the first that most arms have</option>
            {costs.map((m) => (
              <option key={m.name} value={m.name}>
                {m.unit && m.unit !== m.name ? `${m.name}, ${m.unit}` : m.name}
              </option>
            ))}
            <option value="seconds">seconds of work</option>
          </select>
        </label>
        <span className="fine">{metric.doc}</span>
      </div>
      <div className="compare-grid">
        {chart("curves", `${table.metric} as it was learned`, true)}
        {arms.length > 1 &&
          chart("differences", `Difference to ${base?.label ?? "the base"}, pair by pair`, false, true)}
        {over &&
          chart(
            "iqm",
            `Interquartile mean over ${tasks === 1 ? "1 task" : `${tasks} tasks`} and seeds`,
            false,
            true,
          )}
        {over && chart("profile", "Share of tasks and seeds above a threshold")}
        {chart("cost", `${table.metric} against what it costs`)}
      </div>
      {(table.left ?? []).length > 0 && (
        <p className="fine">Left out of the averages over tasks: {(table.left ?? []).join("; ")}.</p>
      )}
    </section>
  );
}
