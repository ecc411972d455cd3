import { useCallback, useEffect, useMemo, useRef, useState, type RefObject } from "react";
import type { Chart } from "./api.gen";
import { useApp } from "./app";
import type { ArmLook } from "./chart-arms";
import { Flusher } from "./flush";
import { Latest } from "./latest";
import { LiveChart } from "./livechart";
import { useResource, type Resource } from "./resource";
import { useStore } from "./store";
import { calm, mode } from "./theme";
import { failure, type Failure, type Query } from "./transport";
import { isWhole, type Span } from "./zoom";

/** Where a chart comes from: the answer with all points, the topic that brings the next ones, and its raw values. */
export interface ChartSource {
  path: string;
  query: Query;
  topic: string;
  /** Address of the raw values, which takes the same query. */
  rows: string;
}

/** How the reader wants to see a chart: a part of the x axis, and the points of a trailing mean ("" as the notebook says). */
export interface Lens {
  span: Span | undefined;
  smooth: string;
}

const PLAIN: Lens = { span: undefined, smooth: "" };

/** A chart as it opens: smoothed where that is set under Settings, Charts, else as the notebook says. */
function usualLens(points: number): Lens {
  return points > 1 ? { ...PLAIN, smooth: String(points) } : PLAIN;
}

/** While points come, a view of the reader's own is read again this often, in milliseconds. */
const AGAIN = 1000;

const flusher = new Flusher({
  frame: (run) => void requestAnimationFrame(run),
  now: () => performance.now(),
  pause: () => (calm.get() ? 1000 : 0),
});

export interface ChartHandle {
  /** The chart as it is shown. */
  data: Chart | undefined;
  error: Failure | undefined;
  reload: () => void;
  live: LiveChart | undefined;
  arms: readonly ArmLook[];
  /** Everything that can be shown; undefined where the axis cannot be zoomed. */
  whole: Span | undefined;
  lens: Lens;
  setLens: (lens: Lens) => void;
  /** When points came last, in milliseconds; 0 before the first. */
  heard: number;
  /** What drawing the last news took, in milliseconds; 0 while it was quick. */
  slow: number;
}

/** Draws a chart into the host once it is near the window, and keeps it live. A new version fetches it again. */
export function useLiveChart(
  source: ChartSource,
  version: number,
  host: RefObject<HTMLElement | null>,
): ChartHandle {
  const { transport } = useApp();
  const ground = useStore(mode);
  const near = useNear(host);
  const dark = ground === "dark" ? 1 : 0;
  const key = near ? `${source.topic} ${ground}` : "";
  const resource = useResource(key, (signal) =>
    transport.get<Chart>(source.path, { ...source.query, dark }, signal),
  );
  const live = useHandle(host, near);
  const [arms, setArms] = useState<readonly ArmLook[]>([]);
  const { reload, put } = resource;
  const own = useOwnView(source, ground, resource);
  const { data } = own;

  useEffect(() => {
    if (live && data) setArms(live.show(data, ground));
  }, [live, data, ground]);

  const [heard, setHeard] = useState(0);
  const slow = useSlow(live);
  const hear = useRef(own.again);
  hear.current = own.again;
  useEffect(() => {
    if (!live) return;
    return transport.watch(source.topic, (news) => {
      setHeard((old) => (Date.now() - old > 1000 ? Date.now() : old));
      if (hear.current()) return;
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

  const setLens = useCallback(
    (lens: Lens) => {
      const span = lens.span && own.whole && isWhole(lens.span, own.whole) ? undefined : lens.span;
      if (live && own.whole) live.look(span ?? own.whole);
      own.setLens({ ...lens, span });
    },
    [live, own],
  );
  return {
    data,
    error: own.error ?? resource.error,
    reload,
    live,
    arms,
    whole: own.whole,
    lens: own.lens,
    setLens,
    heard,
    slow,
  };
}

interface OwnView {
  data: Chart | undefined;
  error: Failure | undefined;
  whole: Span | undefined;
  lens: Lens;
  setLens: (lens: Lens) => void;
  /** Called with every news: true when the view is the reader's own and is read again in its own time. */
  again: () => boolean;
}

/** A view that the reader chose: read from the server whenever it changes, the newest wish only. */
function useOwnView(source: ChartSource, ground: string, shared: Resource<Chart>): OwnView {
  const { transport, preferences } = useApp();
  const [lens, setLens] = useState(() => usualLens(preferences.number("charts.smoothing")));
  const [held, setHeld] = useState<{ chart: Chart; topic: string }>();
  const [error, setError] = useState<Failure>();
  const latest = useRef<Latest<Query> | undefined>(undefined);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const { path, topic } = source;
  const plain = lens.span === undefined && lens.smooth === "";
  const query = useMemo<Query>(
    () => ({
      ...source.query,
      dark: ground === "dark" ? 1 : 0,
      smooth: lens.smooth,
      ...(lens.span ? { from: lens.span.from, to: lens.span.to } : {}),
    }),
    // The topic names the query.
    [topic, ground, lens],
  );

  useEffect(() => {
    const reader = new Latest<Query>(async (wish) => {
      try {
        const chart = await transport.get<Chart>(path, wish);
        setHeld({ chart, topic });
        setError(undefined);
      } catch (thrown) {
        setError(failure(thrown));
      }
    });
    latest.current = reader;
    return () => {
      reader.stop();
      clearTimeout(timer.current);
      timer.current = undefined;
    };
  }, [transport, path, topic]);
  useEffect(() => {
    if (!plain) latest.current?.ask(query);
  }, [plain, query]);

  const again = () => {
    if (plain) return false;
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      latest.current?.ask(query);
    }, AGAIN);
    return true;
  };
  const mine = !plain && held?.topic === topic ? held.chart : undefined;
  const span = shared.data?.window ?? undefined;
  return {
    data: mine ?? shared.data,
    error: plain ? undefined : error,
    whole: span ?? undefined,
    lens,
    setLens,
    again,
  };
}

/** Drawing that takes longer than a frame is news to the reader. */
const FRAME = 1000 / 60;

function useSlow(live: LiveChart | undefined): number {
  const [slow, setSlow] = useState(0);
  useEffect(() => {
    if (!live) return;
    let mean = 0;
    live.onDrawn = (ms) => {
      mean = mean === 0 ? ms : 0.8 * mean + 0.2 * ms;
      setSlow((old) => (mean > FRAME ? old || Math.round(mean) : mean < FRAME / 2 ? 0 : old));
    };
    return () => {
      live.onDrawn = () => undefined;
    };
  }, [live]);
  return slow;
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
