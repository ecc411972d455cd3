import type { MemoryLife } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { plural, shown } from "../../lib/format";
import { episodeRoute, formatRoute } from "../../lib/route";

/** Who used an entry and what came of it: the episodes, with their ends. */
export function LifeUses({ life, run }: { life: MemoryLife; run: string }) {
  const app = useApp();
  const uses = life.episodes ?? [];
  if (uses.length === 0) return <p className="fine">No episode has used it.</p>;
  const good = uses.filter((u) => u.success).length;
  return (
    <details className="more">
      <summary>
        used by {plural(uses.length, "episode")}, {good} succeeded
      </summary>
      <ul className="uses">
        {uses.map((u) => (
          <li key={u.episode}>
            <a
              href={formatRoute(episodeRoute(run, u.episode))}
              onClick={(event) => {
                if (event.metaKey || event.ctrlKey) return;
                event.preventDefault();
                app.navigation.go(episodeRoute(run, u.episode));
              }}
            >
              episode {u.episode}
            </a>{" "}
            {u.ended ? (u.success ? "✓ succeeded" : "✕ failed") : "> goes on"}
            <span className="fine">
              {u.ended && ` return ${shown(u.return)},`} read {u.reads} ×
              {u.prompts > 0 && `, in ${plural(u.prompts, "recorded prompt")}`}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
