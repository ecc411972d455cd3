import type { FirstDiff, InspectEpisode, InspectStep } from "../../lib/api.gen";
import type { Resource } from "../../lib/resource";
import type { EpisodeView } from "../../lib/route";
import { FailureBox } from "../common/FailureBox";
import { Loading } from "../common/Loading";
import { SceneView, sceneWords } from "../run/SceneView";
import { AnswerPanel } from "./AnswerPanel";
import { BrokenEvents } from "./BrokenEvents";
import type { ForkTarget } from "./ForkPlace";
import { MemoryPanel } from "./MemoryPanel";
import { SawPanel } from "./SawPanel";

interface Props {
  /** Name of the column where two stand side by side, "" where there is one. */
  name: string;
  detail: Resource<InspectStep>;
  at: number;
  head: InspectEpisode;
  /** Where the episode of this column differs from the one beside it. */
  first?: FirstDiff;
  view: EpisodeView;
  onView: (view: EpisodeView) => void;
  /** Offers a fork without an entry; left out for the episode beside. */
  onFork?: (target: Omit<ForkTarget, "step">) => void;
  /** Goes to the reading before this step. */
  onReadBefore?: () => void;
}

/** One step of one episode: what the model saw, what it answered, what came back, what its memory did. */
export function StepColumn({ name, detail, at, head, first, view, onView, onFork, onReadBefore }: Props) {
  const { data } = detail;
  if (at >= head.steps) {
    return (
      <section className="inspect-step" aria-label={name}>
        <h2>{name}</h2>
        <p className="fine">This episode ended at step {head.steps - 1}.</p>
      </section>
    );
  }
  if (detail.error && !data) {
    return (
      <section className="inspect-step" aria-label={name || "Step"}>
        <FailureBox failure={detail.error} what={`step ${at} could not be read`} onRetry={detail.reload} />
      </section>
    );
  }
  if (!data) {
    return (
      <section className="inspect-step" aria-label={name || "Step"}>
        <Loading what={`step ${at}`} lines={8} />
      </section>
    );
  }
  // Where nothing was read or written, the answer stands in the free place beside what was given.
  const remembers = (data.memory ?? []).length > 0;
  return (
    <section className="inspect-step" aria-label={name || `Step ${data.t}`} aria-busy={data.t !== at}>
      {name && (
        <h2>
          {name} <span className="fine">{head.episode.split}</span>
        </h2>
      )}
      <div className="inspect-panels">
        <div className="inspect-given">
          <BrokenEvents events={data.broken ?? []} />
          {data.step?.scene && (
            <figure className="inspect-scene">
              <SceneView
                scene={data.step.scene}
                width={380}
                height={200}
                label={`${data.step.saw}; ${data.step.action}`}
              />
              <figcaption className="fine">
                <SceneCaption words={sceneWords(data.step.scene)} />
              </figcaption>
            </figure>
          )}
          <SawPanel detail={data} view={view} onView={onView} />
          {remembers && <AnswerPanel detail={data} head={head} first={first} />}
        </div>
        <div className="inspect-memory">
          {!remembers && <AnswerPanel detail={data} head={head} first={first} />}
          <MemoryPanel
            detail={data}
            runKey={head.key}
            {...(onFork ? { onFork } : {})}
            {...(onReadBefore ? { onReadBefore } : {})}
          />
        </div>
      </div>
    </section>
  );
}

/** What the marks of the picture mean; of a crowded picture only when asked. */
function SceneCaption({ words }: { words: string }) {
  if (words.length <= 120) return words;
  return (
    <details>
      <summary>what the marks mean</summary>
      {words}
    </details>
  );
}
