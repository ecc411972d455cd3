import type { RefObject } from "react";
import type { MemoryEvent, MemoryLife, MemoryRow } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { plural, shown } from "../../lib/format";
import { opMark, opWord, signed, turnAt, valued } from "../../lib/memory-view";
import { episodeRoute } from "../../lib/route";
import type { Failure } from "../../lib/transport";
import { Button } from "../common/Button";
import { FailureBox } from "../common/FailureBox";
import { Loading } from "../common/Loading";
import { LifeTurn } from "./LifeTurn";
import { LifeUses } from "./LifeUses";

interface Props {
  panel: RefObject<HTMLElement | null>;
  run: string;
  life: MemoryLife | undefined;
  error: Failure | undefined;
  wanted: string;
  at: number;
  last: MemoryEvent | undefined;
  onMoment: (moment: number) => void;
  onOpen: (id: string) => void;
}

/** The life of one entry: every event, what came of it, its family; without an entry, the operation of the moment. */
export function LifePanel({ panel, run, life, error, wanted, at, last, onMoment, onOpen }: Props) {
  const app = useApp();
  return (
    <aside
      className="life"
      ref={panel}
      tabIndex={-1}
      aria-label={wanted ? `Life of entry ${wanted}` : "This moment"}
    >
      {wanted === "" && (
        <>
          <h2>This moment</h2>
          {last ? (
            <LastEvent last={last} onOpen={onOpen} />
          ) : (
            <p className="hint">Nothing has happened yet.</p>
          )}
          {last && (
            <p className="life-links">
              <Button onClick={() => app.navigation.go(episodeRoute(run, last.episode, last.step))}>
                Open step
              </Button>
            </p>
          )}
          <p className="hint">
            Choose an entry to see its life: <kbd>j</kbd> <kbd>k</kbd> or a click.
          </p>
        </>
      )}
      {wanted !== "" && error && (
        <FailureBox failure={error} what={`the life of entry ${wanted} could not be read`} />
      )}
      {wanted !== "" && !life && !error && <Loading what={`the life of entry ${wanted}`} />}
      {wanted !== "" && life && (
        <Life life={life} run={run} at={at} onMoment={onMoment} onOpen={onOpen} onClose={() => onOpen("")} />
      )}
    </aside>
  );
}

function LastEvent({ last, onOpen }: { last: MemoryEvent; onOpen: (id: string) => void }) {
  return (
    <div className="last-event">
      <p>
        <b className={`op op-${last.op}`}>
          {opMark(last.op)} {opWord(last.op)}
        </b>{" "}
        {last.entry && (
          <button type="button" className="entry-id" onClick={() => onOpen(last.entry)}>
            {last.entry}
          </button>
        )}
        {last.op === "read" && ` ${last.used} of ${plural(last.hits, "candidate")} used`}
      </p>
      <p className="fine">{last.reason}</p>
      {last.query && <p className="last-query">asked: {last.query}</p>}
    </div>
  );
}

interface LifeProps {
  life: MemoryLife;
  run: string;
  at: number;
  onMoment: (moment: number) => void;
  onOpen: (id: string) => void;
  onClose: () => void;
}

function Life({ life, run, at, onMoment, onOpen, onClose }: LifeProps) {
  const app = useApp();
  const turns = life.turns ?? [];
  const here = turnAt(turns, at);
  const place = turns[Math.max(0, here)];
  const step = (by: 1 | -1) => {
    const next = turns[here + by];
    if (next) onMoment(next.moment + 1);
  };
  const { row } = life;
  return (
    <>
      <div className="life-head">
        <h2>Life of {life.id}</h2>
        {life.lives > 1 && (
          <span className="tag">
            life {life.life} of {life.lives}
          </span>
        )}
        {!life.stands && (
          <span className="tag">
            {at <= (turns[0]?.moment ?? 0) ? "not written yet" : "gone at this moment"}
          </span>
        )}
        <span className="grow" />
        <Button look="quiet" icon="close" label="Close" onClick={onClose} />
      </div>
      <p className="life-text">{life.entry.text}</p>
      <p className="life-facts fine">
        {life.entry.type && <span>{life.entry.type}</span>}
        <span>{plural(life.entry.tokens, "token")}</span>
        <span>
          read {plural(row.read, "time")}: helped {row.helped}, misled {row.misled}, near miss {row.missed}
        </span>
        {Object.entries(life.entry.numbers ?? {}).map(([name, value]) => (
          <span key={name}>
            {name} {valued(name) ? signed(value) : shown(value)}
          </span>
        ))}
      </p>
      {life.left > 0 && (
        <p className="fine">
          the newest {turns.length} events; {life.left} earlier ones
        </p>
      )}
      <ol className="turns">
        {turns.map((t, i) => (
          <LifeTurn
            key={`${t.moment} ${t.op}`}
            turn={t}
            here={i === here}
            onOpen={() => onMoment(t.moment + 1)}
          />
        ))}
      </ol>
      <p className="life-links">
        <Button
          icon="back"
          label="Previous event of this entry"
          disabled={here <= 0}
          onClick={() => step(-1)}
        />
        <Button
          icon="chevron"
          label="Next event of this entry"
          disabled={here >= turns.length - 1}
          onClick={() => step(1)}
        />
        {place && (
          <>
            <Button onClick={() => app.navigation.go(episodeRoute(run, place.episode, place.step))}>
              Open step
            </Button>
            <Button
              icon="fork"
              onClick={() => app.navigation.go(episodeRoute(run, place.episode, place.step))}
            >
              Fork
            </Button>
          </>
        )}
      </p>
      <Family life={life} onOpen={onOpen} />
      <LifeUses life={life} run={run} />
    </>
  );
}

function Family({ life, onOpen }: { life: MemoryLife; onOpen: (id: string) => void }) {
  const sources = (life.entry.sources ?? []).filter((s) => !(life.parents ?? []).some((p) => p.id === s));
  return (
    <dl className="facts-list family">
      <Kin name="sources" rows={life.parents ?? []} words={sources} onOpen={onOpen} />
      <Kin name="children" rows={life.children ?? []} words={[]} onOpen={onOpen} />
      {(life.absorbed ?? []).length > 0 && (
        <Kin name="merged in" rows={life.absorbed ?? []} words={[]} onOpen={onOpen} />
      )}
      {life.into && <Kin name="merged into" rows={[life.into]} words={[]} onOpen={onOpen} />}
    </dl>
  );
}

interface KinProps {
  name: string;
  rows: MemoryRow[];
  /** Sources that are no entries: episodes, tasks. */
  words: string[];
  onOpen: (id: string) => void;
}

function Kin({ name, rows, words, onOpen }: KinProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {rows.length === 0 && words.length === 0 && "none"}
        {rows.map((r) => (
          <button key={r.id} type="button" className="entry-id" title={r.text} onClick={() => onOpen(r.id)}>
            {r.id}
          </button>
        ))}
        {words.join(", ")}
      </dd>
    </div>
  );
}
