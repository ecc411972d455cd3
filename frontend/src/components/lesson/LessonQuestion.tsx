import type { Lesson } from "../../lib/api.gen";
import { duration } from "../../lib/format";
import { ArmSwatch } from "../common/ArmSwatch";

interface Props {
  lesson: Lesson;
  /** Place of each arm in the notebook, for its colour. */
  placeOf: (arm: string) => number;
  guess: string;
  onGuess: (arm: string) => void;
}

/** One question, two buttons. */
export function LessonQuestion({ lesson, placeOf, guess, onGuess }: Props) {
  const time = lesson.done
    ? "it was run here before"
    : lesson.seconds > 0
      ? `it takes about ${duration(lesson.seconds)}`
      : "";
  return (
    <section className="lesson-part lesson-question" aria-labelledby="lesson-question">
      <h2 id="lesson-question">{lesson.question}</h2>
      <div className="lesson-answers">
        {(lesson.arms ?? []).map((arm) => (
          <button
            key={arm.name}
            type="button"
            className="lesson-answer"
            aria-pressed={guess === arm.name}
            disabled={guess !== ""}
            onClick={() => onGuess(arm.name)}
          >
            <span className="lesson-answer-name">
              <ArmSwatch place={placeOf(arm.name)} />
              {arm.name}
              {guess === arm.name && <span className="tag">your guess</span>}
            </span>
            <span className="fine">{arm.says}</span>
          </button>
        ))}
      </div>
      {guess === "" && lesson.means && <p className="fine">{lesson.means}.</p>}
      {guess === "" && (
        <p className="fine">
          Your answer starts the run: two arms, {lesson.seeds} seeds each, on this computer
          {time && `; ${time}`}.
        </p>
      )}
    </section>
  );
}
