import type { MemoryInfo, MemoryWeights } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { count, shown } from "../../lib/format";
import { useMoment, useRested, useSteady } from "../../lib/memory-data";
import { useResource } from "../../lib/resource";
import { episodeRoute, type MemoryRoute } from "../../lib/route";
import { useStore } from "../../lib/store";
import { mode } from "../../lib/theme";
import { useMemoryKeys } from "./weights-keys";
import { Button } from "../common/Button";
import { FailureBox } from "../common/FailureBox";
import { Loading } from "../common/Loading";
import { Picture } from "./MemoryChart";

interface Props {
  info: MemoryInfo;
  route: MemoryRoute;
  /** The moment of a bank's slider; without it the address counts kept steps. */
  at?: number;
}

/** The numbers that an agent carries from step to step. They exist only at kept steps: the slider snaps to those and says so. */
export function WeightsView({ info, route, at: given }: Props) {
  const app = useApp();
  const ground = useStore(mode);
  const last = info.states - 1;
  const moment = useMoment(route, last);
  const at = useRested(moment.at, 60);
  const resource = useResource<MemoryWeights>(
    `weights ${info.key} ${given ?? -1} ${at} ${ground}`,
    (signal) =>
      app.transport.get(
        `run/${info.key}/memory/weights`,
        { ...(given === undefined ? { at } : { moment: given }), dark: ground === "dark" ? 1 : 0 },
        signal,
      ),
  );
  const shownNow = useSteady(resource, info.key);
  useMemoryKeys(app, info.moments === 0, {
    move: (by) => moment.set(moment.at + by),
    episode: (by) => shownNow && moment.set(by > 0 ? shownNow.last + 1 : shownNow.first - 1),
  });
  const w = shownNow;
  return (
    <section className="weights" aria-label="State of the agent">
      <div className="moment">
        {given === undefined && (
          <div className="moment-row">
            <span className="fine moment-end">0</span>
            <div className="moment-track">
              <input
                type="range"
                min={0}
                max={last}
                value={moment.at}
                aria-label="Kept step"
                aria-valuetext={
                  w ? `episode ${w.place.episode}, step ${w.place.step}` : `kept step ${moment.at}`
                }
                onChange={(event) => moment.set(Number(event.target.value))}
              />
            </div>
            <span className="fine moment-end">{count(last)}</span>
          </div>
        )}
        <div className="moment-row">
          {given === undefined && (
            <>
              <Button
                icon="back"
                label="One kept step back (left)"
                disabled={moment.at === 0}
                onClick={() => moment.set(moment.at - 1)}
              />
              <Button
                icon="chevron"
                label="One kept step on (right)"
                disabled={moment.at >= last}
                onClick={() => moment.set(moment.at + 1)}
              />
            </>
          )}
          <p className="moment-words">
            <b>{w && `episode ${w.place.episode}, step ${w.place.step}`}</b>{" "}
            <span className="fine">
              kept step {count((w?.place.moment ?? 0) + 1)} of {count(info.states)}: states exist only where
              steps were kept, and the slider snaps to those
            </span>
          </p>
          {w && (
            <Button onClick={() => app.navigation.go(episodeRoute(info.key, w.place.episode, w.place.step))}>
              Open step
            </Button>
          )}
        </div>
      </div>
      {resource.error && (
        <FailureBox failure={resource.error} what="the state could not be read" onRetry={resource.reload} />
      )}
      {!w && !resource.error && <Loading what="the state" lines={8} />}
      {w && (
        <>
          <div className="weights-picture">
            <Picture chart={w.chart} title={`state over the steps of episode ${w.place.episode}`} />
          </div>
          <p className="fine">{w.chart.sentence}</p>
          <dl className="facts-list">
            <div>
              <dt>saw</dt>
              <dd>{w.saw}</dd>
            </div>
            <div>
              <dt>action</dt>
              <dd>{w.action}</dd>
            </div>
            <div>
              <dt>state at this step</dt>
              <dd className="weights-values">{(w.values ?? []).slice(0, 64).map(shown).join("  ")}</dd>
            </div>
          </dl>
        </>
      )}
    </section>
  );
}
