import type { LessonResult as Result } from "../../lib/api.gen";
import { shown } from "../../lib/format";
import { verdictOn } from "../../lib/lesson";
import { ArmSwatch } from "../common/ArmSwatch";
import { Button } from "../common/Button";

interface Props {
  guess: string;
  result: Result;
  unit: string;
  placeOf: (arm: string) => number;
  onWhy: () => void;
  onAgain: () => void;
}

/** What came out against the guess, and how little two seeds say. */
export function LessonResult({ guess, result, unit, placeOf, onWhy, onAgain }: Props) {
  const arms = result.arms ?? [];
  const best = Math.max(...arms.flatMap((a) => (a.values ?? []).map(Number)), 0.01);
  return (
    <section className="lesson-part lesson-result" aria-labelledby="lesson-result">
      <h2 id="lesson-result">{verdictOn(guess, result)}</h2>
      <p className="lesson-caution">
        <span aria-hidden="true">◐</span> {result.caution}
      </p>
      <ul className="lesson-ends">
        {arms.map((a) => (
          <li key={a.arm}>
            <span className="lesson-end-name">
              <ArmSwatch place={placeOf(a.arm)} /> {a.arm}
            </span>
            <span className="lesson-end-line" aria-hidden="true">
              {(a.values ?? []).map((v, i) => (
                <span key={i} className="lesson-end-dot" style={{ left: `${(100 * Number(v)) / best}%` }} />
              ))}
            </span>
            <span>
              {(a.values ?? []).map((v) => shown(v)).join(", ")} <span className="fine">{unit}</span>
            </span>
          </li>
        ))}
      </ul>
      <p className="lesson-buttons">
        <Button look="main" icon="arrow" onClick={onWhy}>
          Why?
        </Button>
        <Button look="quiet" onClick={onAgain}>
          Guess again
        </Button>
      </p>
    </section>
  );
}
