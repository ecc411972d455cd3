import { Fragment } from "react";
import type { EntryNote, Hit } from "../../lib/api.gen";
import { number, shown } from "../../lib/format";
import { layoutHits, partWords, signed } from "../../lib/inspect-hits";

interface Props {
  hits: readonly Hit[];
  sums: boolean;
  note: (id: string) => EntryNote | undefined;
  onOpen: (entry: string) => void;
}

/** The candidates of a reading as a table: rank, entry, parts, score, used or why not. */
export function HitRows({ hits, sums, note, onOpen }: Props) {
  const { columns, terms } = layoutHits(hits, sums);
  const most = Math.max(
    ...hits.flatMap((h) => terms.map((t) => Math.abs(number(h.parts?.[t]))).filter(Number.isFinite)),
    1e-9,
  );
  const span = Math.max(1, columns.length) + (terms.length > 0 ? 4 : 3);
  return (
    <div
      className="table-wrap"
      tabIndex={0}
      role="group"
      aria-label="candidates with the parts of their scores"
    >
      <table className="hits">
        <caption className="unseen">candidates of this reading with the parts of their scores</caption>
        <thead>
          <tr>
            <th scope="col" className="right">
              #
            </th>
            <th scope="col">entry</th>
            {columns.map((name) => (
              <th key={name} scope="col" className="right">
                {name}
              </th>
            ))}
            {columns.length === 0 && <th scope="col">made of</th>}
            <th scope="col" className="right">
              score
            </th>
            {terms.length > 0 && (
              <th scope="col" title={terms.join(" + ")}>
                made of
              </th>
            )}
            <th scope="col">used</th>
          </tr>
        </thead>
        <tbody>
          {hits.map((h) => (
            <Fragment key={`${h.rank} ${h.entry}`}>
              <tr className={h.used ? "hit-used" : undefined}>
                <td className="right">{h.rank}</td>
                <td>
                  <button type="button" className="link" onClick={() => onOpen(h.entry)}>
                    {h.entry}
                  </button>
                </td>
                {columns.map((name) => (
                  <td key={name} className="right">
                    {name === "similarity" ? shown(h.parts?.[name]) : signed(h.parts?.[name])}
                  </td>
                ))}
                {columns.length === 0 && <td className="hit-parts">{partWords(h)}</td>}
                <td className="right hit-score">{scoreOf(h, terms)}</td>
                {terms.length > 0 && (
                  <td>
                    <Terms hit={h} terms={terms} most={most} />
                  </td>
                )}
                <td className="hit-why">{h.used ? "yes" : `no${h.why ? `, ${h.why}` : ""}`}</td>
              </tr>
              {note(h.entry)?.text && (
                <tr className={`hit-words${h.used ? " hit-used" : ""}`}>
                  <td />
                  <td colSpan={span}>
                    <span className="hit-text">{note(h.entry)?.text}</span>
                  </td>
                </tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The score, or a dash for what was kept out before it was scored. */
function scoreOf(h: Hit, terms: readonly string[]): string {
  const scored = terms.length === 0 || terms.some((t) => h.parts && t in h.parts);
  return scored ? signed(h.score) : "–";
}

const WIDTH = 70;

/** The terms of a score from the line of zero, one below the other: to the right what adds, to the left what takes away. */
function Terms({ hit, terms, most }: { hit: Hit; terms: readonly string[]; most: number }) {
  const values = terms.map((t) => number(hit.parts?.[t]));
  if (!values.some(Number.isFinite)) return null;
  const height = terms.length * 5 + 2;
  const words = terms.map((t, i) => `${t.replace("from-", "")} ${signed(values[i])}`).join(", ");
  return (
    <svg className="terms" role="img" aria-label={words} width={WIDTH} height={height}>
      <title>{words}</title>
      <line x1={WIDTH / 2} x2={WIDTH / 2} y1="0" y2={height} className="bar-line" />
      {values.map((v, i) => {
        const w = Number.isFinite(v) ? (Math.abs(v) / most) * (WIDTH / 2 - 1) : 0;
        return (
          <rect
            key={i}
            className={`term term-${i % 2}`}
            x={v < 0 ? WIDTH / 2 - w : WIDTH / 2}
            y={i * 5 + 1}
            width={Math.max(0.5, w)}
            height="4"
          />
        );
      })}
    </svg>
  );
}
