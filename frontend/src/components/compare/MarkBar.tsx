import type { CompareKey, CompareMark } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { useCommands } from "../../lib/commands";
import { without } from "../../lib/compare";
import { plural } from "../../lib/format";
import type { CompareRoute } from "../../lib/route";
import { failure } from "../../lib/transport";
import { ArmSwatch } from "../common/ArmSwatch";
import { Button } from "../common/Button";

interface Props {
  route: CompareRoute;
  marks: readonly CompareMark[];
  onCompare: () => void;
}

/** What is marked, and what can be done with it; it stays at the foot of the list. */
export function MarkBar({ route, marks, onCompare }: Props) {
  const app = useApp();
  const one = marks[0];
  const against = useAgainstNoMemory(route, one?.key ?? "");
  const clear = () => app.navigation.change({ ...route, arms: [], hidden: [], base: "", other: "" });
  useCommands(
    app.commands,
    one
      ? [
          {
            id: "no-memory",
            title: "Set the first marked arm against no memory",
            group: "Compare",
            keys: ["n"],
            run: against,
          },
        ]
      : [],
  );
  return (
    <section className="mark-bar" aria-label="marked arms">
      {marks.length === 0 ? (
        <p className="hint">
          <span aria-hidden="true">☐ </span>Nothing is marked. Mark two runs to compare their arms, or one to
          set it against no memory.
        </p>
      ) : (
        <>
          <ul className="mark-list">
            {marks.map((m, i) => (
              <li key={m.key}>
                <ArmSwatch place={i} />
                <span>
                  {m.label} <span className="fine">{plural(m.seeds, "seed")}</span>
                </span>
                <Button
                  look="quiet"
                  icon="close"
                  label={`take the mark off ${m.label}`}
                  onClick={() => app.navigation.change(without(route, m.key))}
                />
              </li>
            ))}
          </ul>
          <span className="mark-actions">
            <Button look="main" onClick={onCompare} disabled={marks.length < 2}>
              Compare the marked
            </Button>
            <Button onClick={against}>Against no memory</Button>
            <Button look="quiet" onClick={clear}>
              Clear
            </Button>
          </span>
        </>
      )}
    </section>
  );
}

/** Finds the arm without memory that belongs to an arm, and shows both side by side. */
export function useAgainstNoMemory(route: CompareRoute, key: string): () => void {
  const app = useApp();
  return () =>
    void app.transport
      .get<CompareKey>("compare/without-memory", { arm: key, among: route.arms.join(",") })
      .then(
        (found) => {
          const arms = route.arms.includes(found.key) ? route.arms : [...route.arms, found.key];
          app.navigation.go({ ...route, arms, base: found.key, view: "" });
        },
        (error: unknown) => {
          const why = failure(error);
          app.notice(`${why.message}. ${why.hint}.`);
        },
      );
}
