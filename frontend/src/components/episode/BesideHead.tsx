import type { InspectAlign } from "../../lib/api.gen";
import { named } from "../../lib/format";
import type { Resource } from "../../lib/resource";
import { Button } from "../common/Button";
import { FailureBox } from "../common/FailureBox";
import { Outcome } from "./InspectHead";

interface Props {
  align: Resource<InspectAlign>;
  at: number;
  onStep: (t: number) => void;
  onClose: () => void;
  onChoose: () => void;
}

/** The episode beside: which one it is, what is compared, and where the two first differ. */
export function BesideHead({ align, at, onStep, onClose, onChoose }: Props) {
  if (align.error)
    return (
      <FailureBox
        failure={align.error}
        what="the two episodes could not be compared"
        onRetry={align.reload}
      />
    );
  const { data } = align;
  if (!data)
    return (
      <p className="fine beside-head" role="status">
        comparing …
      </p>
    );
  const { other, first } = data;
  const places: [string, number][] = [
    ["first difference", first.any],
    ["model given something else", first.context],
    ["other action", first.action],
    ["other reply", first.saw],
    ["other reward", first.reward],
  ];
  return (
    <section className="beside-head" aria-label="Compared with">
      <p>
        <b>Beside episode {other.episode.id}</b>{" "}
        <span className="fine">
          {named(other.arm, other.case, `seed ${other.seed}`, other.episode.split)}
        </span>{" "}
        <Outcome head={other} />
        <span className="grow" />
        <Button look="quiet" onClick={onChoose}>
          Choose another
        </Button>
        <Button look="quiet" icon="close" onClick={onClose}>
          End comparing
        </Button>
      </p>
      <p>{data.sentence}</p>
      <p className="fine">Compared {data.compared}.</p>
      <div className="chips">
        {places
          .filter(([, t]) => t >= 0)
          .map(([name, t]) => (
            <button
              key={name}
              type="button"
              className="chip"
              aria-current={t === at ? "step" : undefined}
              onClick={() => onStep(t)}
            >
              ≠ {name}: step {t}
            </button>
          ))}
      </div>
    </section>
  );
}
