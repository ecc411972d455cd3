import { useEffect, useRef, useState } from "react";
import type { MemoryDot, MemoryMap } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { number, plural, shown } from "../../lib/format";
import { useSteady } from "../../lib/memory-data";
import { drawMap, nearestDot } from "../../lib/memory-map";
import { useResource } from "../../lib/resource";
import { useStore } from "../../lib/store";
import { mode } from "../../lib/theme";
import { Empty } from "../common/Empty";
import { FailureBox } from "../common/FailureBox";
import { Loading } from "../common/Loading";

interface Props {
  run: string;
  bank: string;
  at: number;
  query: string;
  entry: string;
  onOpen: (id: string) => void;
}

/** The bank in two dimensions: alike entries lie near each other. */
export function MapView({ run, bank, at, query, entry, onOpen }: Props) {
  const { transport } = useApp();
  const ground = useStore(mode);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [near, setNear] = useState<MemoryDot>();
  const resource = useResource<MemoryMap>(`map ${run} ${bank} ${at} ${query}`, (signal) =>
    transport.get(`run/${run}/memory/map`, { bank, at, q: query }, signal),
  );
  const map = useSteady(resource, `${run} ${bank}`);
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, [map === undefined]);
  useEffect(() => {
    if (canvas.current && map && width > 0) drawMap(canvas.current, map, entry);
  }, [map, width, ground, entry]);
  if (resource.error && !map)
    return (
      <FailureBox failure={resource.error} what="the map could not be drawn" onRetry={resource.reload} />
    );
  if (!map) return <Loading what="the map" lines={8} />;
  const dots = map.dots ?? [];
  if (dots.length === 0) return <Empty text="No entry matches at this moment." />;
  const find = (event: React.MouseEvent) =>
    canvas.current && nearestDot(canvas.current, map, event.clientX, event.clientY);
  const told = near ?? dots.find((d) => d.id === entry);
  return (
    <figure className="map">
      <canvas
        ref={canvas}
        className="map-canvas"
        role="img"
        aria-label={`map of ${plural(dots.length + map.dense, "entry", "entries")}; the table lists the same entries`}
        onMouseMove={(event) => setNear(find(event) ?? undefined)}
        onMouseLeave={() => setNear(undefined)}
        onClick={(event) => {
          const dot = find(event);
          if (dot) onOpen(dot.id);
        }}
      />
      <p className="map-told">
        {told ? (
          <>
            <b>{told.id}</b> {told.text}{" "}
            <span className="fine">
              read {told.read} ×{" "}
              {map.number && !Number.isNaN(number(told.value)) && `· ${map.number} ${shown(told.value)}`}
            </span>
          </>
        ) : (
          <span className="fine">Point at a dot to read its entry; a click opens its life.</span>
        )}
      </p>
      <figcaption className="fine">
        {map.caption}
        {map.number && ` · ring: ${map.number} below 0, full dot: 0 and more`}
      </figcaption>
    </figure>
  );
}
