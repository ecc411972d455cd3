import type { OwnNotebook } from "../../lib/api.gen";
import { age } from "../../lib/format";
import { formatRoute, notebookRoute } from "../../lib/route";

interface Props {
  notebooks: readonly OwnNotebook[];
  onOpen: (path: string) => void;
}

const FIRST = 8;

/** The reader's own notebooks, newest first; more than a handful are folded. */
export function OwnNotebooks({ notebooks, onOpen }: Props) {
  if (notebooks.length === 0) return null;
  const now = Date.now();
  const line = (n: OwnNotebook) => (
    <li key={n.path}>
      <a
        href={formatRoute(notebookRoute(n.path))}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey) return;
          event.preventDefault();
          onOpen(n.path);
        }}
      >
        {n.title || n.path}
      </a>
      <span className="fine">
        <code>{n.path}</code> {n.saved_ms > 0 && `saved ${age(n.saved_ms, now) || "just now"}`}
      </span>
    </li>
  );
  return (
    <section className="own" aria-label="Your notebooks">
      <h2>Your notebooks</h2>
      <ul>{notebooks.slice(0, FIRST).map(line)}</ul>
      {notebooks.length > FIRST && (
        <details className="more">
          <summary>{notebooks.length - FIRST} older</summary>
          <ul>{notebooks.slice(FIRST).map(line)}</ul>
        </details>
      )}
    </section>
  );
}
