import type { InspectStep } from "../../lib/api.gen";
import { Button } from "../common/Button";
import { MemoryOps } from "../run/MemoryOps";
import type { ForkTarget } from "./ForkPlace";
import { ReadCard } from "./ReadCard";

interface Props {
  detail: InspectStep;
  runKey: string;
  onFork?: (target: Omit<ForkTarget, "step">) => void;
  onReadBefore?: () => void;
}

/** What the memory did at this step: every reading with its candidates, every change with the entry before and after. */
export function MemoryPanel({ detail, runKey, onFork, onReadBefore }: Props) {
  const operations = detail.memory ?? [];
  const reads = operations.filter((o) => o.op.op === "read");
  const changes = operations.filter((o) => o.op.op !== "read" && !o.after);
  const held = [...new Set((detail.context?.blocks ?? []).flatMap((b) => b.entries ?? []))];
  const after = operations.filter((o) => o.op.op !== "read" && o.after);
  return (
    <>
      {operations.length === 0 && (
        <div role="group" className="panel" aria-label="Memory">
          <div className="panel-head">
            <h2>Memory</h2>
          </div>
          <p className="fine">
            Nothing was read or written at this step.
            {held.length > 0 && ` The context still holds ${held.join(", ")}, read before.`}
          </p>
          {held.length > 0 && onReadBefore && <Button onClick={onReadBefore}>Go to that reading</Button>}
        </div>
      )}
      {reads.map((o, i) => (
        <ReadCard key={i} read={o} runKey={runKey} {...(onFork ? { onFork } : {})} />
      ))}
      {changes.length > 0 && (
        <div role="group" className="panel" aria-label="Written here">
          <div className="panel-head">
            <h2>Written here</h2>
          </div>
          <MemoryOps operations={changes.map((o) => o.op)} />
        </div>
      )}
      {after.length > 0 && (
        <div role="group" className="panel" aria-label="After the last step">
          <div className="panel-head">
            <h2>After the last step</h2>
            <span className="fine">what the episode left in the memory</span>
          </div>
          <MemoryOps operations={after.map((o) => o.op)} />
        </div>
      )}
    </>
  );
}
