import type { Hit } from "../../lib/api.gen";
import { shown } from "../../lib/format";
import type { Beat } from "../../lib/mechanism";
import { SceneView } from "../run/SceneView";

/** One moment of an episode as a picture with words. */
export function BeatView({ beat }: { beat: Beat }) {
  const { memory, step } = beat;
  return (
    <section className={`beat beat-${beat.kind}`} aria-live="polite" aria-atomic="true">
      <p className="beat-title">
        <b>{beat.title}</b> <span className="fine">step {beat.t}</span>
      </p>
      {step?.scene && (
        <SceneView scene={step.scene} width={420} height={220} label={`${step.saw}; ${step.action}`} />
      )}
      {memory?.op === "read" ? (
        <>
          <p>{memory.query}</p>
          <Candidates hits={memory.hits ?? []} />
          {(memory.hits ?? []).length === 0 && (
            <p className="fine">nothing was near enough: the memory stays silent</p>
          )}
          <p className="fine">{memory.reason}</p>
        </>
      ) : (
        <p className="beat-text">{beat.text}</p>
      )}
      {memory && memory.op !== "read" && <Moved beat={beat} />}
    </section>
  );
}

const MOST = 8;

/** The candidates of a reading as bars: one for each part of the score, those that were read marked by word and by weight. */
function Candidates({ hits }: { hits: Hit[] }) {
  const parts = [...new Set(hits.flatMap((h) => Object.keys(h.parts ?? {})))].sort();
  const width = (name: string, value: number) => {
    const most = Math.max(...hits.map((h) => Math.abs(Number(h.parts?.[name] ?? 0))), 1e-9);
    return `${Math.round((100 * Math.abs(value)) / most)}%`;
  };
  return (
    <ol className="candidates">
      {hits.slice(0, MOST).map((h) => (
        <li key={h.entry} className={h.used ? "candidate-used" : ""}>
          <span className="candidate-name">
            {h.rank}. entry {h.entry} {h.used ? "read" : `not read${h.why ? `: ${h.why}` : ""}`}
          </span>
          {parts.map((name) => {
            const value = Number(h.parts?.[name] ?? 0);
            return (
              <span key={name} className="candidate-part">
                <span className="fine">
                  {name} {shown(value)}
                </span>
                <svg className="candidate-bar" aria-hidden="true" preserveAspectRatio="none">
                  <rect width={width(name, value)} height="100%" className={value < 0 ? "below" : "above"} />
                </svg>
              </span>
            );
          })}
          <span className="fine">score {shown(h.score)}</span>
        </li>
      ))}
      {hits.length > MOST && <li className="fine">and {hits.length - MOST} more</li>}
    </ol>
  );
}

/** What an operation did to the numbers of an entry. */
function Moved({ beat }: { beat: Beat }) {
  const { memory } = beat;
  if (!memory) return null;
  const before = memory.before?.numbers ?? {};
  const moved = Object.entries(memory.after?.numbers ?? {}).filter(([n, v]) => before[n] !== v);
  return (
    <>
      {memory.before && memory.before.text !== memory.after?.text && <del>{memory.before.text}</del>}
      <ul className="moved">
        {moved.map(([name, value]) => (
          <li key={name}>
            {name} {name in before ? `${shown(before[name] ?? 0)} to ` : ""}
            <b>{shown(value)}</b>
          </li>
        ))}
      </ul>
      <p className="fine">
        {memory.reason} · the bank holds {memory.size} entries
      </p>
    </>
  );
}
