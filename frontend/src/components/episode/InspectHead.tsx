import type { InspectEpisode } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { count, named, shown } from "../../lib/format";
import { runRoute } from "../../lib/route";
import { Button } from "../common/Button";
import { StepField } from "./StepField";

interface Props {
  head: InspectEpisode;
  at: number;
  last: number;
  newest: boolean;
  onStep: (t: number) => void;
  onChoose: () => void;
  onCompare: () => void;
  onFork: () => void;
  onMemory: () => void;
}

/** Which episode this is and what came of it, the step, and what can be done from here. */
export function InspectHead({
  head,
  at,
  last,
  newest,
  onStep,
  onChoose,
  onCompare,
  onFork,
  onMemory,
}: Props) {
  const app = useApp();
  const e = head.episode;
  return (
    <header className="inspect-head">
      <p className="crumbs">
        <Button
          look="quiet"
          icon="back"
          onClick={() => app.navigation.go(runRoute(head.key, newest ? -1 : e.id, at))}
        >
          {named(head.title, head.arm, head.case, `seed ${head.seed}`)}
        </Button>
      </p>
      <div className="inspect-title">
        <h1>
          Episode {e.id} <Outcome head={head} />
        </h1>
      </div>
      <div className="inspect-actions">
        {head.steps > 0 && <StepField at={at} last={last} onStep={onStep} />}
        <Button icon="episode" onClick={onChoose}>
          Episodes
        </Button>
        {head.steps > 0 && (
          <>
            <Button icon="compare" title="c" onClick={onCompare}>
              Compare
            </Button>
            <Button icon="fork" title="o" onClick={onFork}>
              Fork
            </Button>
            <Button icon="memory" title="m" onClick={onMemory}>
              Memory
            </Button>
          </>
        )}
      </div>
      <p className="inspect-facts">
        {e.split && <span>{e.split}</span>}
        {head.ended && <span>after {count(e.x)} training steps</span>}
        {head.ended && <span>memory {shown(e.memory)}</span>}
        {head.ended && <span title="seed of the world">world {e.seed}</span>}
        {Object.entries(e.numbers ?? {}).map(([name, value]) => (
          <span key={name}>
            {name} {shown(value)}
          </span>
        ))}
      </p>
    </header>
  );
}

/** What came of an episode: shape and word. */
export function Outcome({ head }: { head: InspectEpisode }) {
  const e = head.episode;
  if (!head.ended) return <span className="mark tone-wait">&gt; not ended</span>;
  const words = e.why === "failed" ? "could not be finished" : e.success ? "solved" : "not solved";
  return (
    <span className={`mark ${e.success ? "tone-good" : "tone-bad"}`}>
      <span className="mark-shape" aria-hidden="true">
        {e.why === "failed" ? "!" : e.success ? "✓" : "✕"}
      </span>
      {words} <span className="inspect-return">return {shown(e.return)}</span>
      {e.why === "horizon" && <span className="fine">out of time</span>}
    </span>
  );
}
