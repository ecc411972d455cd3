import type { FirstDiff, InspectEpisode, InspectStep, Step } from "../../lib/api.gen";
import { number, shown } from "../../lib/format";
import { chance, splitNumbers, wholeChance, wordChances } from "../../lib/inspect-answer";
import { FoldedText } from "./FoldedText";
import { StateStrip } from "./StateStrip";

interface Props {
  detail: InspectStep;
  head: InspectEpisode;
  first?: FirstDiff | undefined;
}

/** What the agent answered, with the numbers of the step, and what the world said to it. */
export function AnswerPanel({ detail, head, first }: Props) {
  const { step } = detail;
  if (!step) return null;
  const words = wordChances(step);
  return (
    <>
      <div role="group" className="panel" aria-label="Answer">
        <div className="panel-head">
          <h2>Answer</h2>
          {words && (
            <span className="fine">
              p {chance(wholeChance(words))}
              {words.length > 1 && ", the product of its tokens"}
            </span>
          )}
          {first?.action === step.t && <span className="tag tag-first">≠ first different action</span>}
        </div>
        {words ? <Words words={words} /> : <FoldedText text={step.action || "(nothing)"} />}
        <Numbers step={step} />
        {!words && (step.state ?? []).length > 0 && <StateStrip state={step.state ?? []} />}
      </div>
      <div role="group" className="panel" aria-label="Reply">
        <div className="panel-head">
          <h2>Reply</h2>
          <span className={`reply-reward ${tone(number(step.reward))}`}>reward {shown(step.reward)}</span>
          {first?.saw === step.t + 1 && <span className="tag tag-first">≠ first different reply</span>}
        </div>
        {detail.replied && detail.reply !== "" && <FoldedText text={detail.reply} />}
        {!detail.replied && (
          <p className="fine">
            {head.ended ? `The episode ended here: ${ending(head.episode.why)}.` : "No reply yet."}
          </p>
        )}
      </div>
    </>
  );
}

/** The tokens of an answer, each with its chance; the less likely, the shorter the bar below it. */
function Words({ words }: { words: readonly { name: string; p: number }[] }) {
  return (
    <p className="answer-words">
      {words.map((w, i) => (
        <span key={i} className="answer-word" title={`p ${chance(w.p)}`}>
          <span>{w.name}</span>
          <span className="answer-bar" aria-hidden="true">
            <span style={{ width: `${Math.round(w.p * 100)}%` }} />
          </span>
          <span className="answer-p">{chance(w.p)}</span>
        </span>
      ))}
    </p>
  );
}

function Numbers({ step }: { step: Step }) {
  const { chances, rest } = splitNumbers(step.numbers ?? {});
  return (
    <>
      {chances.length > 0 && (
        <ol className="chances" aria-label="chances of the actions">
          {chances.map((c) => (
            <li key={c.name} className={c.name === step.action ? "chance-taken" : undefined}>
              <span>{c.name}</span>
              <span className="block-bar" aria-hidden="true">
                <span style={{ width: `${c.p * 100}%` }} />
              </span>
              <span>{chance(c.p)}</span>
            </li>
          ))}
        </ol>
      )}
      {rest.length > 0 && (
        <p className="step-numbers">
          {rest.map(([name, value]) => (
            <span key={name}>
              {name} <b>{shown(value)}</b>
            </span>
          ))}
        </p>
      )}
    </>
  );
}

function ending(why: string): string {
  if (why === "horizon") return "out of time";
  if (why === "failed") return "the run could not finish it";
  return "the world says it is over";
}

function tone(r: number): string {
  return r > 0 ? "reward-plus" : r < 0 ? "reward-minus" : "";
}
