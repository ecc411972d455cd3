import type { Sweep, SweepPoint } from "../../lib/api.gen";
import { standing, written } from "../../lib/sweep";
import { Button } from "../common/Button";

const FIRST = 100;

interface Props {
  sweep: Sweep;
  /** Puts the point's values into the notebook; undefined where that cannot be. */
  onUse: ((point: SweepPoint) => void) | undefined;
}

/** The points of a sweep, ranked within each arm. */
export function SweepTable({ sweep, onUse }: Props) {
  const points = sweep.points ?? [];
  const knobs = sweep.knobs ?? [];
  return (
    <div className="table-wrap" tabIndex={0} role="region" aria-label={`points of the sweep ${sweep.name}`}>
      <table className="sweep-table">
        <caption className="unseen">points of the sweep {sweep.name}, best first within each arm</caption>
        <thead>
          <tr>
            <th scope="col">arm</th>
            <th scope="col" className="right">
              rank
            </th>
            <th scope="col" className="right">
              {sweep.metric || "metric"}
            </th>
            {knobs.map((knob) => (
              <th key={knob} scope="col" className="right">
                {knob}
              </th>
            ))}
            {sweep.resource && (
              <th scope="col" className="right">
                {sweep.resource}
              </th>
            )}
            <th scope="col">point</th>
            {onUse && <th scope="col">values</th>}
          </tr>
        </thead>
        <tbody>
          {points.slice(0, FIRST).map((point) => (
            <Row key={`${point.arm} ${point.point}`} sweep={sweep} point={point} onUse={onUse} />
          ))}
        </tbody>
      </table>
      {points.length > FIRST && (
        <p className="fine">
          first {FIRST} of {points.length} points; the chart&#39;s table has all of them
        </p>
      )}
    </div>
  );
}

function Row({ sweep, point, onUse }: Props & { point: SweepPoint }) {
  const { mark, word } = standing(point);
  return (
    <tr className={point.best ? "sweep-best" : undefined}>
      <td>{point.arm}</td>
      <td className="right">{point.rank || "–"}</td>
      <td className="right">{point.score}</td>
      {(point.values ?? []).map((value, i) => (
        <td key={i} className="right">
          {written(value)}
        </td>
      ))}
      {sweep.resource && <td className="right">{point.resource}</td>}
      <td>
        <span className="mark">
          <span className="mark-shape" aria-hidden="true">
            {mark}
          </span>
          {word}
        </span>
      </td>
      {onUse && (
        <td>
          <Button
            look="quiet"
            label={`use the values of point ${point.point + 1} for ${point.arm}`}
            title="write these values into the notebook; undo takes them back"
            onClick={() => onUse(point)}
          >
            Use
          </Button>
        </td>
      )}
    </tr>
  );
}
