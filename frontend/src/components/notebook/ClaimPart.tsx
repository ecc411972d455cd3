import type { PartVerdict } from "../../lib/api.gen";
import { thresholds } from "../../lib/claims";
import { number, shown } from "../../lib/format";
import { VerdictMark } from "../common/VerdictMark";
import { Interval } from "./Interval";

/** One expression with its bound, interval, seeds and p. */
export function ClaimPart({ part, several }: { part: PartVerdict; several: boolean }) {
  const known = !Number.isNaN(number(part.low));
  return (
    <div className="claim-part">
      <p className="claim-text">
        <code>{part.expr}</code> <strong>{part.bound}</strong>
      </p>
      <p className="claim-numbers">
        {several && <VerdictMark verdict={part.verdict} />}
        <span className="claim-value">{shown(part.mean)}</span>
        {known && (
          <span>
            [{shown(part.low)} … {shown(part.high)}]
          </span>
        )}
        <Interval value={part.mean} low={part.low} high={part.high} bounds={thresholds(part.bound)} />
        <span className="fine">
          n = {part.n}
          {part.missing > 0 && `, ${part.missing} missing`} · {part.holding} of {part.n} seeds hold
          {known && ` · p ${shown(part.p)}, sign flip, not below ${shown(part.p_floor)}`}
          {part.seeds_needed > 0 && ` · about ${part.seeds_needed} seeds would do`}
        </span>
      </p>
    </div>
  );
}
