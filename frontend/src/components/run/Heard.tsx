import type { RunRow } from "../../lib/api.gen";
import { age, duration } from "../../lib/format";
import { useNow } from "../../lib/now";

/** How old the numbers of a running run are, once they are older than 2 s; and that it is silent, once that is news. */
export function Heard({ row }: { row: RunRow }) {
  const now = useNow(1000);
  if (row.state !== "running" || row.heard_ms <= 0) return null;
  const silent = (now - row.heard_ms) / 1000;
  if (silent >= row.quiet)
    return (
      <p className="tone-wait" role="status">
        ~ no news for {duration(Math.floor(silent / 10) * 10)}: five times its usual step or more. It may be
        at a long evaluation; stopping it keeps what is there.
      </p>
    );
  const old = age(row.heard_ms, now);
  return old ? <p className="fine">numbers from {old}</p> : null;
}
