import type { Cell, Results, Verdict } from "../../lib/api.gen";
import { claimParts } from "../../lib/claims";
import { clock } from "../../lib/format";
import { textAt } from "../../lib/notebook";
import { seedsToAdd } from "../../lib/side";
import { Button } from "../common/Button";
import { VerdictMark } from "../common/VerdictMark";
import { ClaimPart } from "./ClaimPart";
import type { RunControls } from "./RunCell";

interface Props {
  cell: Cell;
  results: Results | undefined;
  controls: RunControls | undefined;
}

/** A claim: what is said, its bound, and what the runs say of it so far. */
export function ClaimCell({ cell, results, controls }: Props) {
  const verdict = (results?.verdicts ?? []).find((v) => v.name === cell.name);
  const moved = (results?.moved ?? []).find((m) => m.claim === cell.name);
  if (!verdict) return <Unjudged value={cell.value} />;
  const parts = verdict.parts ?? [];
  return (
    <div className="claim">
      {textAt(cell.value, "why") && <p className="claim-why">{textAt(cell.value, "why")}</p>}
      <p className="claim-verdict">
        <VerdictMark verdict={verdict.verdict} />
        {verdict.early && <span className="tag">early: runs are still going on</span>}
        {verdict.extended > 0 && (
          <span className="tag">
            extended {verdict.extended} {verdict.extended === 1 ? "time" : "times"}
          </span>
        )}
        {moved && (
          <span className="tag tag-stale">
            threshold was {moved.was} when runs began, {clock(moved.at_ms)}
          </span>
        )}
        {results?.recorded && <span className="tag">recorded</span>}
        <span className="fine">
          {(verdict.seeds ?? []).length} seeds asked for · budget {results?.budget}
        </span>
      </p>
      {parts.map((part, i) => (
        <ClaimPart key={i} part={part} several={parts.length > 1} />
      ))}
      {verdict.sentence && <p className="claim-sentence">{verdict.sentence}</p>}
      {controls && !results?.recorded && <ClaimActions verdict={verdict} controls={controls} />}
    </div>
  );
}

/** What may be done about a verdict: more seeds where it cannot tell, and a look at the runs behind it. */
function ClaimActions({ verdict, controls }: { verdict: Verdict; controls: RunControls }) {
  const parts = verdict.parts ?? [];
  const needed = Math.max(0, ...parts.map((p) => p.seeds_needed));
  const have = Math.max(0, ...parts.map((p) => p.n + p.missing));
  const more = seedsToAdd(needed, have);
  const { onMoreSeeds } = controls;
  return (
    <p className="claim-actions">
      {more > 0 && onMoreSeeds && (
        <Button
          title={`writes ${more} more seeds into the run cell and runs them`}
          onClick={() => onMoreSeeds(more)}
        >
          Add {more}
        </Button>
      )}
      <Button look="quiet" icon="episode" onClick={() => controls.onEpisodes(parts.map((p) => p.expr))}>
        Episodes
      </Button>
    </p>
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
