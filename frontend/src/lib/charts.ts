import { useEffect, useRef, useState, type RefObject } from "react";
import type { Chart } from "./api.gen";
import { useApp } from "./app";
import { Flusher } from "./flush";
import { LiveChart } from "./livechart";
import { useResource, type Resource } from "./resource";
import { useStore } from "./store";
import { calm, mode } from "./theme";
import type { Query } from "./transport";

/** Where a chart comes from: the answer with all points, and the topic that brings the next ones. */
export interface ChartSource {
  path: string;
  query: Query;
  topic: string;
}

const flusher = new Flusher({
  frame: (run) => void requestAnimationFrame(run),
  now: () => performance.now(),
  pause: () => (calm.get() ? 1000 : 0),
});

/** Draws a chart into the host once it is near the window, and keeps it live. A new version fetches it again. */
export function useLiveChart(
  source: ChartSource,
  version: number,
  host: RefObject<HTMLElement | null>,
): Resource<Chart> {
  const { transport } = useApp();
  const ground = useStore(mode);
  const near = useNear(host);
  const query = { ...source.query, dark: ground === "dark" ? 1 : 0 };
  const key = near ? `${source.topic} ${ground}` : "";
  const resource = useResource(key, (signal) => transport.get<Chart>(source.path, query, signal));
  const live = useHandle(host, near);
  const { data, reload, put } = resource;

  useEffect(() => {
    if (live && data) live.show(data, ground);
  }, [live, data, ground]);

  useEffect(() => {
    if (!live) return;
    return transport.watch(source.topic, (news) => {
      if (news.kind === "gap") reload();
      else if (news.kind === "frame") live.add(news.frame) || reload();
      else if (news.message.chart) put(() => news.message.chart);
    });
  }, [live, transport, source.topic, reload, put]);

  const first = useRef(version);
  useEffect(() => {
    if (first.current !== version) reload();
    first.current = version;
  }, [version, reload]);
  return resource;
}

/** Loads ECharts when it is first needed and opens a chart in the host. */
function useHandle(host: RefObject<HTMLElement | null>, near: boolean): LiveChart | undefined {
  const [live, setLive] = useState<LiveChart>();
  useEffect(() => {
    const element = host.current;
    if (!near || !element) return;
    let opened: LiveChart | undefined;
    let gone = false;
    void import("./echarts-core").then((echarts) => {
      if (gone) return;
      opened = new LiveChart(echarts.init(element, null, { renderer: "canvas" }), element, flusher);
      setLive(opened);
    });
    return () => {
      gone = true;
      opened?.dispose();
      setLive(undefined);
    };
  }, [host, near]);
  return live;
}

/** True from the moment the element came within a screen of the window. */
function useNear(host: RefObject<HTMLElement | null>): boolean {
  const [near, setNear] = useState(false);
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some((e) => e.isIntersecting)) return;
        setNear(true);
        observer.disconnect();
      },
      // The screen scrolls, not the window: a margin counts only round the element that scrolls.
      { root: element.closest(".screen"), rootMargin: "600px" },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [host]);
  return near;
}
