import { useEffect, useRef } from "react";
import type { Outline } from "./api.gen";
import { useApp } from "./app";
import { useResource } from "./resource";

/** How often the outlines of running seeds are read again, in milliseconds. */
const PAUSE = 5000;

/** Small pictures of one metric for a run and its siblings, by key. */
export function useOutlines(
  key: string,
  metric: string,
  live: boolean,
  version: number,
): Map<string, Outline> {
  const { transport } = useApp();
  const { data, reload } = useResource<Outline[]>(key && metric && `outlines ${key} ${metric}`, (signal) =>
    transport.get(`run/${key}/outlines`, { metric }, signal),
  );
  useEffect(() => {
    if (!live) return;
    const timer = setInterval(reload, PAUSE);
    return () => clearInterval(timer);
  }, [live, reload]);
  const first = useRef(version);
  useEffect(() => {
    if (first.current !== version) reload();
    first.current = version;
  }, [version, reload]);
  return new Map((data ?? []).map((o) => [o.key, o]));
}

/** The path of an outline in a box, x and y scaled to ranges that all rows share; "" without points. */
export function outlinePath(
  xy: ArrayLike<number | string>,
  box: { width: number; height: number },
  range: Range,
): string {
  const points: string[] = [];
  const wide = range.x1 - range.x0 || 1;
  const high = range.y1 - range.y0 || 1;
  for (let i = 0; i + 1 < xy.length; i += 2) {
    const x = ((Number(xy[i]) - range.x0) / wide) * box.width;
    const y = box.height - ((Number(xy[i + 1]) - range.y0) / high) * box.height;
    points.push(`${x.toFixed(1)} ${y.toFixed(1)}`);
  }
  return points.length === 0 ? "" : `M${points.join("L")}`;
}

export interface Range {
  x0: number;
  x1: number;
  y0: number;
  y1: number;
}

/** The range of all outlines, so that rows can be compared by eye. */
export function rangeOf(outlines: Iterable<Outline>): Range {
  const range = { x0: Infinity, x1: -Infinity, y0: Infinity, y1: -Infinity };
  for (const { xy } of outlines)
    for (let i = 0; i + 1 < (xy?.length ?? 0); i += 2) {
      const [x, y] = [Number(xy?.[i]), Number(xy?.[i + 1])];
      range.x0 = Math.min(range.x0, x);
      range.x1 = Math.max(range.x1, x);
      range.y0 = Math.min(range.y0, y);
      range.y1 = Math.max(range.y1, y);
    }
  return range;
}
