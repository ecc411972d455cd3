import type { ForkView } from "../../lib/api.gen";
import { clock } from "../../lib/format";
import { Button } from "../common/Button";

interface Props {
  forks: readonly ForkView[];
  onOpen: (fork: ForkView) => void;
}

/** Forks that were made of this step before. */
export function ForkList({ forks, onOpen }: Props) {
  if (forks.length === 0) return null;
  return (
    <section className="fork-list" aria-label="Earlier forks of this step">
      <h3>Earlier forks of this step</h3>
      <ul>
        {forks.map((f) => (
          <li key={f.key}>
            <Button look="quiet" onClick={() => onOpen(f)}>
              {f.words}
              {f.effect ? `, ${f.effect.pairs} pairs` : ""}
            </Button>{" "}
            <span className="fine">
              {f.state}
              {f.made_ms > 0 && ` · ${clock(f.made_ms)}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
