import type { CompareTable, Solved } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { otherArm } from "../../lib/compare";
import { count, percent } from "../../lib/format";
import { useResource } from "../../lib/resource";
import type { CompareRoute } from "../../lib/route";
import { FailureBox } from "../common/FailureBox";
import { Loading } from "../common/Loading";
import { SolvedList } from "./SolvedList";

/** Which worlds two arms solved: both, one, the other, none; each with its episodes. */
export function SolvedPanel({ table, route }: { table: CompareTable; route: CompareRoute }) {
  const app = useApp();
  const arms = table.arms ?? [];
  const base = arms[table.base];
  const other = otherArm(table, route);
  const query = { a: other?.key ?? "", b: base?.key ?? "", cell: route.cell, limit: 60 };
  const { data, error, reload } = useResource(
    other && base ? `solved ${JSON.stringify(query)}` : "",
    (signal) => app.transport.get<Solved>("compare/solved", query, signal),
  );
  if (!base || !other) return null;
  const change = (next: Partial<CompareRoute>) => app.navigation.change({ ...route, ...next });
  const total = data ? data.both + data.only_a + data.only_b + data.none : 0;
  const cell = (id: string, mark: string, name: string, n: number) => (
    <button
      type="button"
      className="solved-cell"
      aria-pressed={route.cell === id}
      onClick={() => change({ cell: route.cell === id ? "" : id })}
    >
      <span className="solved-name">
        <span aria-hidden="true">{mark} </span>
        {name}
      </span>
      <span className="solved-count">{count(n)}</span>
      <span className="solved-bar" aria-hidden="true">
        <span style={{ width: `${total > 0 ? (100 * n) / total : 0}%` }} />
      </span>
      <span className="fine">{total > 0 ? percent(n / total) : "–"}</span>
    </button>
  );
  return (
    <section className="solved" aria-label="Worlds solved">
      <div className="solved-head">
        <h2>Who solved what</h2>
        {arms.length > 2 && (
          <label className="field-inline">
            arm
            <select value={other.key} onChange={(e) => change({ other: e.target.value })}>
              {arms
                .filter((a) => a.key !== base.key)
                .map((a) => (
                  <option key={a.key} value={a.key}>
                    {a.label}
                  </option>
                ))}
            </select>
          </label>
        )}
        <span className="fine">against {base.label}</span>
      </div>
      {error && <FailureBox failure={error} what="the evaluations could not be read" onRetry={reload} />}
      {!data && !error && <Loading what="the evaluations of both arms" lines={3} />}
      {data && (
        <>
          <p>{data.sentence}</p>
          {(data.obstacles ?? []).length > 0 && (
            <p className="hint">{(data.obstacles ?? []).map((o) => o.text).join("; ")}</p>
          )}
          {total > 0 && (
            <>
              <div className="solved-grid" role="group" aria-label="worlds by who solved them">
                {cell("both", "●", "both", data.both)}
                {cell("a", "◐", `only ${data.a}`, data.only_a)}
                {cell("b", "◑", `only ${data.b}`, data.only_b)}
                {cell("none", "○", "none", data.none)}
              </div>
              <SolvedList solved={data} open={route.cell !== ""} />
              <p className="fine">{data.note}</p>
            </>
          )}
        </>
      )}
    </section>
  );
}
