import { useState } from "react";
import type { CompareTable } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { bestArm, firstCosts, firstMetrics } from "../../lib/compare";
import type { CompareRoute } from "../../lib/route";
import { Button } from "../common/Button";
import { ArmRow } from "./ArmRow";

/** Arms as rows: what differs in their set-ups, what came of it, and what it cost. */
export function ArmTable({ table, route }: { table: CompareTable; route: CompareRoute }) {
  const app = useApp();
  const [all, setAll] = useState(false);
  const few = firstMetrics(table);
  const costs = firstCosts(table);
  const names = (table.metrics ?? []).map((m) => m.name);
  const metrics = all ? [...new Set([...few, ...names.filter((n) => !costs.includes(n))])] : few;
  const changed = table.changed ?? [];
  const unit = (name: string) => (table.metrics ?? []).find((m) => m.name === name)?.unit ?? "";
  const best = new Map(metrics.map((m) => [m, bestArm(table, m)]));
  const base = table.arms?.[table.base];
  return (
    <section aria-label="Arms">
      <div className="table-wrap arms-wrap" role="region" aria-label="arms side by side" tabIndex={0}>
        <table className="arms">
          <caption className="unseen">arms side by side; {table.interval}</caption>
          <thead>
            <tr className="groups">
              <th scope="col" rowSpan={2}>
                arm
              </th>
              <th scope="col" rowSpan={2}>
                seeds
              </th>
              {changed.length > 0 && (
                <th scope="colgroup" colSpan={changed.length}>
                  changed settings
                </th>
              )}
              {metrics.length > 0 && (
                <th scope="colgroup" colSpan={metrics.length}>
                  last values
                </th>
              )}
              <th scope="col" rowSpan={2}>
                {table.metric} against {base?.label ?? "the base"}
              </th>
              <th scope="colgroup" colSpan={costs.length + 1}>
                cost
              </th>
              <th scope="col" rowSpan={2}>
                <span className="unseen">what to do</span>
              </th>
            </tr>
            <tr>
              {changed.map((c) => (
                <th key={c.path} scope="col" title={c.path}>
                  {c.path}
                </th>
              ))}
              {metrics.map((name) => (
                <th key={name} scope="col" aria-current={name === table.metric ? "true" : undefined}>
                  <button
                    type="button"
                    className="sort"
                    aria-pressed={name === table.metric}
                    title={`compare by ${name}`}
                    onClick={() => app.navigation.change({ ...route, metric: name })}
                  >
                    {name}
                  </button>
                  {unit(name) && <span className="fine"> {unit(name)}</span>}
                </th>
              ))}
              <th scope="col">time</th>
              {costs.map((name) => (
                <th key={name} scope="col">
                  {name} {unit(name) && <span className="fine">{unit(name)}</span>}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {(table.arms ?? []).map((arm, i) => (
              <ArmRow
                key={arm.key}
                table={table}
                arm={arm}
                at={i}
                route={route}
                metrics={metrics}
                costs={costs}
                best={best}
              />
            ))}
          </tbody>
        </table>
      </div>
      <p className="fine arms-foot">
        mean [{table.interval}] · differences over pairs of the same seed, exact sign-flip p, corrected by
        Holm
        {names.length > few.length + costs.length && (
          <Button look="quiet" pressed={all} onClick={() => setAll(!all)}>
            {all ? "Fewer metrics" : `All ${names.length} metrics`}
          </Button>
        )}
      </p>
    </section>
  );
}
