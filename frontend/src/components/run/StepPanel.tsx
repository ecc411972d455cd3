import type { EpisodeDetail } from "../../lib/api.gen";
import { shown } from "../../lib/format";
import { MemoryOps } from "./MemoryOps";
import { SceneView, sceneWords } from "./SceneView";

/** One step: what the agent saw, did and got, and what its memory did. */
export function StepPanel({ detail, at }: { detail: EpisodeDetail; at: number }) {
  const step = (detail.steps ?? []).find((s) => s.t === at);
  if (!step) return <p className="fine">reading step {at} …</p>;
  const memory = (detail.memory ?? []).filter((m) => m.t === at);
  const context = (detail.context ?? []).find((c) => c.t === at);
  return (
    <div className="step">
      {step.scene && (
        <figure className="step-scene">
          <SceneView scene={step.scene} width={420} height={240} label={`${step.saw}; ${step.action}`} />
          <figcaption className="fine">{sceneWords(step.scene)}</figcaption>
        </figure>
      )}
      <dl className="facts-list step-facts">
        <Fact name="step" value={`${at} of ${detail.total}`} />
        <Fact name="saw" value={step.saw} />
        <Fact name="action" value={step.action} />
        <Fact name="reward" value={shown(step.reward)} />
        {Object.entries(step.numbers ?? {}).map(([name, value]) => (
          <Fact key={name} name={name} value={shown(value)} />
        ))}
        {(context?.blocks ?? []).map((b) => (
          <Fact key={b.name} name={`context: ${b.name}`} value={`${b.count} of ${context?.limit ?? 0}`} />
        ))}
        {step.done && <Fact name="end" value={detail.episode.why} />}
      </dl>
      <MemoryOps operations={memory} />
    </div>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
