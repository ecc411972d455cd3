import type { CompareArm, CompareTable } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { ends, pText, seedText, signed, toggleHidden, without } from "../../lib/compare";
import { duration, number } from "../../lib/format";
import { notebookRoute, runRoute, type CompareRoute } from "../../lib/route";
import { ArmSwatch } from "../common/ArmSwatch";
import { Button } from "../common/Button";
import { RouteLink } from "../common/RouteLink";

interface Props {
  table: CompareTable;
  arm: CompareArm;
  at: number;
  route: CompareRoute;
  metrics: readonly string[];
  costs: readonly string[];
  /** Metric to the arm with the best mean, -1 for none. */
  best: ReadonlyMap<string, number>;
}

/** One arm of the light table. */
export function ArmRow({ table, arm, at, route, metrics, costs, best }: Props) {
  const app = useApp();
  const hidden = route.hidden.includes(arm.key);
  const base = at === table.base;
  const apart = (arm.obstacles ?? []).length > 0;
  const value = (name: string) => arm.values?.[(table.metrics ?? []).findIndex((m) => m.name === name)];
  return (
    <tr
      data-arm={arm.key}
      tabIndex={-1}
      aria-label={arm.label}
      className={`${hidden ? "is-hidden" : ""}${base ? " is-base" : ""}`}
    >
      <th scope="row" className="cell-arm">
        <span className="arm-name">
          <ArmSwatch place={arm.place} />
          {arm.label}
        </span>
        <span className="fine">
          <RouteLink to={notebookRoute(arm.notebook)}>{arm.title}</RouteLink> · {arm.budget}
          {base && <span className="tag">base</span>}
          {hidden && <span className="tag">hidden in charts</span>}
          {apart && <span className="tag tag-stale">! not comparable</span>}
        </span>
      </th>
      <td data-name="seeds">
        <span className="value">{(arm.seeds ?? []).length}</span>
        <span className="fine">
          {(arm.seeds ?? []).length > 0 && seedText(arm.seeds ?? [])}
          {arm.going > 0 && ` · ▸ ${arm.going} running`}
          {arm.failed > 0 && ` · ! ${arm.failed} not finished`}
        </span>
      </td>
      {(table.changed ?? []).map((c) => (
        <td key={c.path} data-name={c.path}>
          {c.values?.[at] || "–"}
        </td>
      ))}
      {metrics.map((name) => {
        const text = ends(value(name));
        const first = best.get(name) === at;
        return (
          <td
            key={name}
            data-name={name}
            className={name === table.metric ? "is-number is-chosen" : "is-number"}
          >
            <span className="value">
              {first ? <strong>{text.mean}</strong> : text.mean}
              {first && <span className="best"> best</span>}
            </span>
            {text.ends && <span className="fine">[{text.ends}]</span>}
          </td>
        );
      })}
      <td data-name={`${table.metric} against`} className="cell-difference">
        <Difference arm={arm} base={base} baseLabel={table.arms?.[table.base]?.label ?? ""} />
      </td>
      <td data-name="time">
        <span className="value">{arm.seconds.n > 0 ? duration(number(arm.seconds.mean)) : "–"}</span>
        <span className="fine">a run</span>
      </td>
      {costs.map((name) => {
        const text = ends(value(name));
        return (
          <td key={name} data-name={name} className="is-number">
            <span className="value">{text.mean}</span>
            {text.ends && <span className="fine">[{text.ends}]</span>}
          </td>
        );
      })}
      <td className="cell-actions">
        <Button
          look="quiet"
          disabled={base}
          label={`Base: set the others against ${arm.label}`}
          onClick={() => app.navigation.change({ ...route, base: arm.key })}
        >
          Base
        </Button>
        <Button
          look="quiet"
          pressed={hidden}
          label={`${hidden ? "Show" : "Hide"} ${arm.label} in the charts`}
          onClick={() => app.navigation.change(toggleHidden(route, arm.key))}
        >
          {hidden ? "Show" : "Hide"}
        </Button>
        {(arm.runs ?? [])[0] && (
          <RouteLink to={runRoute(arm.runs?.[0] ?? "")} className="button button-quiet">
            Run
          </RouteLink>
        )}
        <Button
          look="quiet"
          icon="close"
          label={`take ${arm.label} off`}
          onClick={() => app.navigation.go(without(route, arm.key))}
        />
      </td>
    </tr>
  );
}

/** The paired difference to the base, or why there is none. */
function Difference({ arm, base, baseLabel }: { arm: CompareArm; base: boolean; baseLabel: string }) {
  const d = arm.difference;
  if (base) return <span className="fine">the others are set against this one</span>;
  if (!d) {
    const why = (arm.obstacles ?? []).map((o) => o.text).join("; ");
    return <span className="fine">{why || "nothing to set it against"}</span>;
  }
  const text = ends(d);
  return (
    <>
      <span className="value">
        {d.n > 0 ? signed(d.mean) : "–"} {text.ends && <span className="ends">[{text.ends}]</span>}
      </span>
      <span className="fine">
        {pText(d)}
        {arm.against !== baseLabel && ` · against ${arm.against}`}
      </span>
    </>
  );
}
