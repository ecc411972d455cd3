import { Dialog } from "@base-ui/react/dialog";
import { useState } from "react";
import { useApp } from "../../lib/app";
import type { CellChange, StatePage, StateRow } from "../../lib/api.gen";
import { age, clock } from "../../lib/format";
import { useResource } from "../../lib/resource";
import { Button } from "../common/Button";
import { FailureBox } from "../common/FailureBox";
import { Loading } from "../common/Loading";
import { StatePreview } from "./StatePreview";

interface Props {
  path: string;
  revision: number;
  onRestore: (state: number) => void;
  onClose: () => void;
}

const PAGE = 30;

/** What the notebook said before: a state per minute of work and per run. Each can be looked at and restored. */
export function TimelinePanel({ path, revision, onRestore, onClose }: Props) {
  const { transport } = useApp();
  const [limit, setLimit] = useState(PAGE);
  const [open, setOpen] = useState(0);
  const { data, error, reload } = useResource(`states ${path} ${limit} ${revision}`, (signal) =>
    transport.get<StatePage>("notebook/states", { path, limit }, signal),
  );
  const states = data?.states ?? [];
  const now = Date.now();
  return (
    <Dialog.Root open onOpenChange={(on) => !on && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="sheet timeline" data-modal="">
          <div className="sheet-head">
            <Dialog.Title>Timeline</Dialog.Title>
            <Dialog.Close className="button button-quiet">Close</Dialog.Close>
          </div>
          {error && <FailureBox failure={error} what="the timeline could not be read" onRetry={reload} />}
          {!data && !error && <Loading what="the timeline" lines={4} />}
          {data && states.length === 0 && (
            <p className="fine">
              No earlier state yet: one is kept for every run and for every minute in which something changes.
            </p>
          )}
          <ol className="timeline-list">
            {states.map((s) => (
              <li key={s.id}>
                <button
                  type="button"
                  className="timeline-row"
                  aria-expanded={open === s.id}
                  onClick={() => setOpen(open === s.id ? 0 : s.id)}
                >
                  <span className="timeline-time">{when(s.at_ms, now)}</span>
                  <span className="tag">{s.why === "run" ? "▸ a run began" : "a minute of work"}</span>
                  <span className="fine">{says(s)}</span>
                </button>
                {open === s.id && (
                  <StatePreview path={path} state={s.id} revision={revision}>
                    <Button
                      look="main"
                      icon="undo"
                      onClick={() => {
                        onRestore(s.id);
                        onClose();
                      }}
                    >
                      Restore this text
                    </Button>
                  </StatePreview>
                )}
              </li>
            ))}
          </ol>
          {data?.more && (
            <Button
              look="quiet"
              onClick={() => setLimit(Math.min(limit + PAGE, 100))}
              disabled={limit >= 100}
            >
              {limit >= 100 ? "older states are kept, but not listed here" : "Show older"}
            </Button>
          )}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function when(ms: number, now: number): string {
  const ago = age(ms, now);
  return `${new Date(ms).toLocaleDateString(undefined, { month: "short", day: "numeric" })} ${clock(ms)}${ago ? `, ${ago}` : ""}`;
}

function says(state: StateRow): string {
  if (state.first) return "the oldest that is kept";
  const changes = state.changes ?? [];
  if (changes.length === 0) return "the same text";
  const shown = changes.slice(0, 4).map(changed);
  return shown.join(", ") + (changes.length > 4 ? `, ${changes.length - 4} more` : "");
}

const MARKS: Record<string, string> = { added: "+", removed: "×", changed: "~", moved: "↕" };

/** One changed cell: mark and word. */
export function changed(c: CellChange): string {
  return `${MARKS[c.how] ?? ""} ${c.name ? `${c.kind} ${c.name}` : c.cell} ${c.how}`;
}
