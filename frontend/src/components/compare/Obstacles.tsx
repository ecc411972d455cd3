import type { CompareTable } from "../../lib/api.gen";

/** What cannot be compared, arm by arm, and what is therefore left out. */
export function Obstacles({ table }: { table: CompareTable }) {
  const arms = (table.arms ?? []).filter((a) => (a.obstacles ?? []).length > 0);
  const base = table.arms?.[table.base];
  if (arms.length === 0 || !base) return null;
  return (
    <section className="obstacles" aria-label="What cannot be compared">
      <h2>
        <span aria-hidden="true">! </span>
        {arms.length === 1 ? "One arm" : `${arms.length} arms`} cannot be compared with {base.label}
      </h2>
      <ul>
        {arms.map((a) => (
          <li key={a.key}>
            <strong>{a.label}</strong>: {(a.obstacles ?? []).map((o) => o.text).join("; ")}
            {a.difference && ` (set against ${a.against} instead)`}
          </li>
        ))}
      </ul>
      <p className="fine">
        They keep their own numbers; nothing of theirs is averaged with, or subtracted from, the others.
      </p>
    </section>
  );
}
