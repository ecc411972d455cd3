import type { RunRow } from "../../lib/api.gen";
import { age, duration } from "../../lib/format";
import { useNow } from "../../lib/now";

/** How old the numbers of a running run are, once they are older than 2 s; and that it is silent, once that is news. */
export function Heard({ row }: { row: RunRow }) {
  const now = useNow(1000);
  if (row.where !== "") return <There row={row} />;
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

/** How a run stands that a target carries out, and when that was seen. */
function There({ row }: { row: RunRow }) {
  const seen =
    row.there_ms > 0
      ? `, last heard ${new Date(row.there_ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`
      : "";
  return (
    <p className={row.target === "" ? "tone-wait" : "fine"} role="status">
      {row.target === "" ? "~ " : `${row.target}: `}
      {row.where}
      {seen}
    </p>
  );
}
