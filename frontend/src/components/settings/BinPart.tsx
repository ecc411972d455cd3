import { useState } from "react";
import type { BinPage } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { day, named, plural } from "../../lib/format";
import { useResource } from "../../lib/resource";
import { failure } from "../../lib/transport";
import { Button } from "../common/Button";
import { FailureBox } from "../common/FailureBox";
import { Loading } from "../common/Loading";

const WORD = "empty";

/** Deleted runs: each can be restored; emptying the bin asks for a word, because nothing brings a record back. */
export function BinPart() {
  const app = useApp();
  const read = useResource("bin", (signal) => app.transport.get<BinPage>("bin", {}, signal));
  const [asking, setAsking] = useState(false);
  const [word, setWord] = useState("");
  const page = read.data;
  const send = (path: string, body: unknown) =>
    app.transport.post<BinPage>(path, {}, body).then(
      (next) => read.put(() => next),
      (error: unknown) => {
        const { message, hint } = failure(error);
        app.notice(`${message}; ${hint}`);
      },
    );
  const empty = () => {
    setAsking(false);
    setWord("");
    void send("bin/empty", { word });
  };
  return (
    <section aria-labelledby="group-bin">
      <h2 id="group-bin">Bin</h2>
      <p className="fine">
        Deleted runs wait here {page ? plural(page.days, "day") : ""} with their records. Recorded results
        that ship with Loci are never deleted.
      </p>
      {read.error && (
        <FailureBox failure={read.error} what="the bin could not be read" onRetry={read.reload} />
      )}
      {!page && !read.error && <Loading what="the bin" lines={2} />}
      {page?.total === 0 && <p>The bin is empty.</p>}
      {page && page.total > 0 && (
        <>
          <p>
            {plural(page.total, "deleted run")}
            {page.total > (page.runs ?? []).length && `, the oldest ${(page.runs ?? []).length} shown`}
          </p>
          <ul className="secret-list">
            {(page.runs ?? []).map((r) => (
              <li key={r.key}>
                <span>
                  {r.paper}: {named(r.arm, r.case, `seed ${r.seed}`)}
                </span>
                <span className="fine">
                  deleted {day(r.since_ms)}, removed {day(r.gone_ms)} · <code>{r.key.slice(0, 8)}</code>
                </span>
                <Button
                  look="quiet"
                  label={`Restore ${r.arm}, seed ${r.seed}`}
                  onClick={() => void send(`run/${r.key}/restore`, {})}
                >
                  Restore
                </Button>
              </li>
            ))}
          </ul>
          {!asking && (
            <Button look="danger" onClick={() => setAsking(true)}>
              Empty the bin
            </Button>
          )}
          {asking && (
            <form
              className="secret-form"
              onSubmit={(e) => {
                e.preventDefault();
                if (word === WORD) empty();
              }}
            >
              <label>
                Type {WORD} to remove {plural(page.total, "record")} for good
                <input
                  type="text"
                  autoFocus
                  value={word}
                  onChange={(e) => setWord(e.target.value)}
                  onKeyDown={(e) => e.key === "Escape" && setAsking(false)}
                />
              </label>
              <span className="secret-buttons">
                <Button look="danger" disabled={word !== WORD} onClick={empty}>
                  Remove for good
                </Button>
                <Button onClick={() => setAsking(false)}>Cancel</Button>
              </span>
            </form>
          )}
        </>
      )}
    </section>
  );
}
