import type { Hit, MemoryAnswer, MemoryRow } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { shown } from "../../lib/format";
import { useSteady } from "../../lib/memory-data";
import { partWords } from "../../lib/memory-view";
import { useResource } from "../../lib/resource";
import { Button } from "../common/Button";
import { FailureBox } from "../common/FailureBox";
import { Loading } from "../common/Loading";

interface Props {
  run: string;
  bank: string;
  at: number;
  text: string;
  onOpen: (id: string) => void;
  onClose: () => void;
}

/** What would be read for a situation at this moment and why, with the near misses. */
export function AskAnswer({ run, bank, at, text, onOpen, onClose }: Props) {
  const { transport } = useApp();
  const resource = useResource<MemoryAnswer>(`ask ${run} ${bank} ${at} ${text}`, (signal) =>
    transport.get(`run/${run}/memory/ask`, { bank, at, text }, signal),
  );
  const answer = useSteady(resource, `${run} ${bank} ${text}`);
  const hits = answer?.hits ?? [];
  return (
    <section className="answer" aria-label="What would be read">
      <div className="answer-head">
        <h2>For “{text}”</h2>
        {answer && <span className="fine">{answer.by}</span>}
        <span className="grow" />
        <Button look="quiet" icon="close" label="Close the answer" onClick={onClose} />
      </div>
      {answer?.note && <p className="answer-note">{answer.note}</p>}
      {resource.error && (
        <FailureBox failure={resource.error} what="the memory could not be asked" onRetry={resource.reload} />
      )}
      {!answer && !resource.error && <Loading what="the memory" lines={3} />}
      {answer && hits.length === 0 && <p>Nothing would be read: no entry bears on this.</p>}
      {hits.length > 0 && (
        <div className="table-wrap">
          <table className="answer-table">
            <thead>
              <tr>
                <th scope="col" className="right">
                  rank
                </th>
                <th scope="col">entry</th>
                <th scope="col">text</th>
                <th scope="col" className="right">
                  score
                </th>
                <th scope="col">made of</th>
                <th scope="col">read</th>
              </tr>
            </thead>
            <tbody>
              {hits.map((h, i) => (
                <HitRow
                  key={`${h.entry} ${i}`}
                  hit={h}
                  row={answer?.rows?.[i]}
                  onOpen={() => onOpen(h.entry)}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function HitRow({ hit, row, onOpen }: { hit: Hit; row: MemoryRow | undefined; onOpen: () => void }) {
  return (
    <tr className={hit.used ? undefined : "near-miss"}>
      <td className="right">{hit.rank}</td>
      <td>
        <button type="button" className="entry-id" onClick={onOpen}>
          {hit.entry}
        </button>
      </td>
      <td>{row?.text}</td>
      <td className="right">{shown(hit.score)}</td>
      <td className="fine">{partWords(hit.parts)}</td>
      <td className="answer-used">{hit.used ? <b>yes</b> : `no: ${hit.why || "rank"}`}</td>
    </tr>
  );
}
