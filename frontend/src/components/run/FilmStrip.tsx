import { useEffect, useRef } from "react";
import type { Step } from "../../lib/api.gen";
import { number, shown } from "../../lib/format";
import { SceneView } from "./SceneView";

interface Props {
  steps: readonly Step[];
  current: number;
  /** Steps at which something happened. */
  events: readonly number[];
  onChoose: (t: number) => void;
}

/** An episode as a film: one small picture a step, with its action and its reward. */
export function FilmStrip({ steps, current, events, onChoose }: Props) {
  const strip = useRef<HTMLOListElement>(null);
  useEffect(() => {
    const list = strip.current;
    const frame = list?.querySelector<HTMLElement>(`[data-step="${current}"]`);
    if (!list || !frame) return;
    const left = frame.offsetLeft - list.offsetLeft;
    const hidden = left < list.scrollLeft || left + frame.offsetWidth > list.scrollLeft + list.clientWidth;
    if (hidden) list.scrollLeft = left - list.clientWidth / 2 + frame.offsetWidth / 2;
  }, [current, steps]);
  return (
    <ol className="strip" ref={strip} aria-label="Steps">
      {steps.map((s) => (
        <li key={s.t} data-step={s.t}>
          <button
            type="button"
            className={`frame-button${events.includes(s.t) ? " frame-event" : ""}`}
            aria-current={s.t === current ? "step" : undefined}
            onClick={() => onChoose(s.t)}
          >
            <span className="frame-t">
              <span className="unseen">step </span>
              {s.t}
            </span>
            {s.scene ? (
              <SceneView scene={s.scene} width={160} height={54} label="" />
            ) : (
              <span className="frame-text">{s.saw}</span>
            )}
            <span className="frame-action">{s.action}</span>
            <span className={`frame-reward ${tone(number(s.reward))}`}>
              <span className="unseen">reward {shown(s.reward)}</span>
              <span aria-hidden="true">{reward(s)}</span>
            </span>
          </button>
        </li>
      ))}
    </ol>
  );
}

function reward(s: Step): string {
  const r = number(s.reward);
  return r === 0 ? "·" : (r > 0 ? "+" : "") + shown(s.reward);
}

function tone(r: number): string {
  return r > 0 ? "reward-plus" : r < 0 ? "reward-minus" : "";
}
