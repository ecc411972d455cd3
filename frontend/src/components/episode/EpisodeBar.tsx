import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import type { InspectEpisode, InspectRow } from "../../lib/api.gen";
import { count, shown } from "../../lib/format";
import { columnAt, columnsOf, memoryWords } from "../../lib/inspect-lanes";
import { useSpoken } from "../../lib/spoken";
import { Button } from "../common/Button";
import { Lanes } from "./Lanes";
import { EVENTS } from "./inspector-keys";

interface Props {
  head: InspectEpisode;
  at: number;
  row: InspectRow | undefined;
  /** Steps of each column that are unlike those of the other episode; [] without one. */
  differ: readonly number[];
  event: string;
  onStep: (t: number) => void;
  onEvent: (event: string) => void;
  onJump: (by: 1 | -1) => void;
}

/** Least width of a column, in pixels: narrower ones are joined, with every extreme and every count kept. */
const NARROW = 3;

/** The whole episode as one bar with lanes. It is a slider: arrow keys, Page keys, Home and End, click and drag. */
export function EpisodeBar({ head, at, row, differ, event, onStep, onEvent, onJump }: Props) {
  const [host, width] = useWidth();
  const columns = useMemo(
    () => columnsOf(head.lanes, head.steps, Math.max(20, Math.floor(width / NARROW)), differ),
    [head.lanes, head.steps, width, differ],
  );
  const here = columnAt(columns, at);
  const last = head.steps - 1;
  const said = useSpoken(spoken(at, last, row));
  const point = (e: PointerEvent<HTMLDivElement>) => {
    const box = e.currentTarget.getBoundingClientRect();
    const c =
      columns[
        Math.max(
          0,
          Math.min(columns.length - 1, Math.floor(((e.clientX - box.left) / box.width) * columns.length)),
        )
      ];
    if (!c) return;
    const within = ((e.clientX - box.left) / box.width) * columns.length - columns.indexOf(c);
    onStep(Math.min(c.to - 1, c.from + Math.floor(within * (c.to - c.from))));
  };
  const key = (e: KeyboardEvent) => {
    const page = Math.max(1, Math.round(head.steps / 10));
    const move: Record<string, number> = {
      ArrowRight: at + 1,
      ArrowUp: at + 1,
      ArrowLeft: at - 1,
      ArrowDown: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: last,
    };
    const t = move[e.key];
    if (t === undefined || e.ctrlKey || e.metaKey || e.altKey) return;
    e.preventDefault();
    onStep(t);
  };
  const joined = columns[0] ? columns[0].to - columns[0].from : 1;
  return (
    <section className="bar" aria-label="Whole episode">
      <div className="bar-lanes">
        <div className="bar-names" aria-hidden="true">
          <span>reward</span>
          <span>context</span>
          <span>memory</span>
          <span>errors</span>
          {differ.length > 0 && <span>differs</span>}
        </div>
        <div
          ref={host}
          className="bar-slider"
          role="slider"
          tabIndex={0}
          aria-label="step of the episode"
          aria-valuemin={0}
          aria-valuemax={last}
          aria-valuenow={at}
          aria-valuetext={spoken(at, last, row)}
          onKeyDown={key}
          onPointerDown={(e) => {
            e.currentTarget.setPointerCapture(e.pointerId);
            point(e);
          }}
          onPointerMove={(e) => e.buttons === 1 && point(e)}
        >
          {width > 0 && <Lanes columns={columns} here={here} width={width} differs={differ.length > 0} />}
        </div>
        <span className={`bar-end ${head.episode.success ? "tone-good" : "tone-bad"}`} aria-hidden="true">
          {head.ended && (head.episode.success ? "✓" : "✕")}
        </span>
      </div>
      <p className="unseen" role="status">
        {said}
      </p>
      <div className="bar-foot">
        <p className="fine bar-legend">
          {head.lanes.sentence}
          {joined > 1 && head.lanes.per === 1 && `; ${joined} steps to a column here, every event counted`}
        </p>
        <p className="fine bar-here">
          {row &&
            row.tokens >= 0 &&
            `${count(row.tokens)}${row.limit > 0 ? ` of ${count(row.limit)}` : ""} tokens · `}
          <span className="bar-key">* read + write ~ change x delete</span>
        </p>
        <div className="bar-jump" role="group" aria-label="next step of interest">
          <Button
            look="quiet"
            icon="back"
            label="Previous event of interest"
            title="["
            onClick={() => onJump(-1)}
          />
          <label>
            <span className="unseen">jump to</span>
            <select value={event} onChange={(e) => onEvent(e.target.value)}>
              {EVENTS.map(([value, name]) => (
                <option key={value} value={value}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <Button
            look="quiet"
            icon="chevron"
            label="Next event of interest"
            title="]"
            onClick={() => onJump(1)}
          />
        </div>
      </div>
    </section>
  );
}

function spoken(at: number, last: number, row: InspectRow | undefined): string {
  const parts = [`step ${at} of ${last}`];
  if (row) {
    parts.push(row.action || "no action", `reward ${shown(row.reward)}`);
    const words = memoryWords(row);
    if (words) parts.push(words);
    if (row.error) parts.push("error");
  }
  return parts.join(", ");
}

/** The width of an element, in whole pixels. */
function useWidth(): [React.RefObject<HTMLDivElement | null>, number] {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const measure = () => setWidth(Math.round(element.clientWidth));
    measure();
    if (typeof ResizeObserver !== "function") return;
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, width];
}
