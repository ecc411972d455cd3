import { useEffect, useMemo, useRef, useState } from "react";
import type { MemoryMark, MemoryPlace } from "../../lib/api.gen";
import { count } from "../../lib/format";
import { markAt, placeWords, ticks } from "../../lib/memory-view";
import { Button } from "../common/Button";

interface Props {
  marks: MemoryMark[];
  newest: number;
  at: number;
  against: number;
  place: MemoryPlace | undefined;
  live: boolean;
  running: boolean;
  onMove: (at: number) => void;
  onEpisode: (by: 1 | -1) => void;
  onPin: () => void;
}

/** Time: every memory operation is a place of the slider, every episode a tick. */
export function MomentSlider(props: Props) {
  const { marks, newest, at, against, place, live, running, onMove, onEpisode, onPin } = props;
  const track = useRef<HTMLDivElement>(null);
  const width = useWidth(track);
  const path = useMemo(
    () =>
      ticks(marks, newest, width)
        .map((t) => `M${((t / newest) * 1000).toFixed(2)} 0V8`)
        .join(""),
    [marks, newest, width],
  );
  const share = (m: number) => (newest === 0 ? 0 : m / newest);
  const mark = markAt(marks, at);
  const where = place ? placeWords(place) : mark ? `episode ${mark.episode}` : "before the first event";
  const first = marks[0]?.episode ?? 0;
  const last = marks[marks.length - 1]?.episode ?? 0;
  return (
    <div className="moment">
      <div className="moment-row">
        <span className="fine moment-end">ep {first}</span>
        <div className="moment-track" ref={track}>
          <svg viewBox="0 0 1000 8" preserveAspectRatio="none" aria-hidden="true">
            {against >= 0 && (
              <rect
                className="moment-between"
                x={Math.min(share(against), share(at)) * 1000}
                width={Math.abs(share(at) - share(against)) * 1000}
                y="0"
                height="8"
              />
            )}
            <path className="moment-ticks" d={path} vectorEffect="non-scaling-stroke" />
          </svg>
          {against >= 0 && (
            <span className="moment-pin" style={{ left: `${share(against) * 100}%` }} aria-hidden="true">
              pinned
            </span>
          )}
          <input
            type="range"
            min={0}
            max={newest}
            value={at}
            aria-label="Moment: memory operations so far"
            aria-valuetext={`${where}, operation ${count(at)} of ${count(newest)}`}
            onChange={(event) => onMove(Number(event.target.value))}
          />
        </div>
        <span className="fine moment-end">ep {last}</span>
      </div>
      <div className="moment-row">
        <Button icon="back" label="One episode back (Shift+left)" onClick={() => onEpisode(-1)} />
        <Button label="−1: one operation back (left)" onClick={() => onMove(at - 1)} disabled={at === 0}>
          −1
        </Button>
        <Button label="+1: one operation on (right)" onClick={() => onMove(at + 1)} disabled={at >= newest}>
          +1
        </Button>
        <Button icon="chevron" label="One episode on (Shift+right)" onClick={() => onEpisode(1)} />
        <p className="moment-words" aria-live="off">
          <b>{where}</b>{" "}
          <span className="fine">
            operation {count(at)} of {count(newest)}
          </span>
        </p>
        <Button look="quiet" icon="pin" pressed={against >= 0 && against === at} onClick={onPin}>
          Pin
        </Button>
        <Button look={live ? "plain" : "quiet"} pressed={live} onClick={() => onMove(newest)}>
          {live ? (running ? "> live" : "newest") : "To the newest"}
        </Button>
      </div>
    </div>
  );
}

function useWidth(ref: React.RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(800);
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
  return width;
}
