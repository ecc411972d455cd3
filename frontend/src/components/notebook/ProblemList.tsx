import type { Problem } from "../../lib/api.gen";

interface Props {
  problems: readonly Problem[];
  /** Leads to the cell of a problem, where the list stands above the notebook. */
  onGo?: (cell: string) => void;
}

/** What is wrong, where, what would be right, and what to do. */
export function ProblemList({ problems, onGo }: Props) {
  if (problems.length === 0) return null;
  return (
    <ul className="problems" role="alert">
      {problems.map((p, i) => (
        <li key={i}>
          <span className="tone-bad" aria-hidden="true">
            !
          </span>{" "}
          {onGo && p.cell ? (
            <button type="button" className="link" onClick={() => onGo(p.cell)}>
              {p.line}:{p.column}
            </button>
          ) : (
            <code>
              {p.line}:{p.column}
            </code>
          )}{" "}
          {p.msg}
          {p.hint && <span className="hint"> {p.hint}</span>}
          {p.legal && p.legal.length > 0 && !p.msg.includes(p.legal[0] ?? "") && (
            <span className="fine"> legal: {p.legal.join(", ")}</span>
          )}
        </li>
      ))}
    </ul>
  );
}
