import type { Cell, Results } from "../../lib/api.gen";
import { claimParts } from "../../lib/claims";
import { textAt } from "../../lib/notebook";
import { VerdictMark } from "../common/VerdictMark";
import { ClaimPart } from "./ClaimPart";

interface Props {
  cell: Cell;
  results: Results | undefined;
}

/** A claim: what is said, its bound, and what the runs say of it so far. */
export function ClaimCell({ cell, results }: Props) {
  const verdict = (results?.verdicts ?? []).find((v) => v.name === cell.name);
  if (!verdict) return <Unjudged value={cell.value} />;
  return (
    <div className="claim">
      {textAt(cell.value, "why") && <p className="claim-why">{textAt(cell.value, "why")}</p>}
      <p className="claim-verdict">
        <VerdictMark verdict={verdict.verdict} />
        {verdict.early && <span className="tag">early: runs are still going on</span>}
        {verdict.extended > 0 && <span className="tag">extended {verdict.extended} times</span>}
        {results?.recorded && <span className="tag">recorded</span>}
        <span className="fine">
          {(verdict.seeds ?? []).length} seeds asked for · budget {results?.budget}
        </span>
      </p>
      {(verdict.parts ?? []).map((part, i) => (
        <ClaimPart key={i} part={part} several={(verdict.parts ?? []).length > 1} />
      ))}
      {verdict.sentence && <p className="claim-sentence">{verdict.sentence}</p>}
    </div>
  );
}

function Unjudged({ value }: { value: unknown }) {
  return (
    <div className="claim">
      {claimParts(value).map((p, i) => (
        <p key={i} className="claim-text">
          <code>{p.value}</code> <strong>{p.holds}</strong>
        </p>
      ))}
      <p className="fine">no verdict yet: it needs runs of every arm that it names</p>
    </div>
  );
}
