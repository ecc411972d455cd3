import { useCallback, useEffect, useRef, useState } from "react";
import type { MemoryInfo, MemoryLife, MemoryPage } from "./api.gen";
import { useApp } from "./app";
import { clampMoment } from "./memory-view";
import { useResource, type Resource } from "./resource";
import type { MemoryRoute } from "./route";

/** The rows of one page of a bank. */
export const ROWS = 60;

/** How long the slider rests before the address follows it, in milliseconds: browsers refuse an address for every pixel. */
const REST = 150;

/** News of a run are taken in at most so often, in milliseconds. */
const NEWS = 500;

/** What is known of the memory of a run, kept live. */
export function useMemoryInfo(key: string): Resource<MemoryInfo> {
  const { transport } = useApp();
  const info = useResource<MemoryInfo>(key && `memory ${key}`, (signal) =>
    transport.get(`run/${key}/memory`, {}, signal),
  );
  const { reload } = info;
  useEffect(() => {
    if (key === "") return;
    let timer = 0;
    const stop = transport.watch(`run:${key}`, () => {
      if (timer !== 0) return;
      timer = window.setTimeout(() => {
        timer = 0;
        reload();
      }, NEWS);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [transport, key, reload]);
  const reading = info.data !== undefined && info.data.reading < 1;
  const since = info.since;
  useEffect(() => {
    if (!reading || since !== 0) return;
    const timer = setTimeout(reload, NEWS);
    return () => clearTimeout(timer);
  }, [reading, since, reload]);
  return info;
}

/** What was there last, while the next comes: a table that moves with the slider never goes blank. */
export function useSteady<T>(resource: Resource<T>, scope: string): T | undefined {
  const held = useRef<{ scope: string; data: T | undefined }>({ scope, data: undefined });
  if (held.current.scope !== scope) held.current = { scope, data: undefined };
  if (resource.data !== undefined) held.current.data = resource.data;
  return held.current.data;
}

export interface Moment {
  /** The moment that is shown. */
  at: number;
  /** As the address has it: -1 follows the newest. */
  live: boolean;
  set: (at: number) => void;
}

/** The moment of the address, moved at once and written into the address when the slider rests. */
export function useMoment(route: MemoryRoute, newest: number): Moment {
  const { navigation } = useApp();
  const [moved, setMoved] = useState<{ from: number; at: number }>();
  const at = moved && moved.from === route.at ? moved.at : route.at;
  const latest = useRef(route);
  latest.current = route;
  useEffect(() => {
    if (!moved || moved.at === route.at) return;
    const timer = setTimeout(() => navigation.change({ ...latest.current, at: moved.at }), REST);
    return () => clearTimeout(timer);
  }, [moved, route.at, navigation]);
  const set = useCallback(
    (next: number) => {
      const held = next >= newest ? -1 : Math.max(0, next);
      setMoved({ from: latest.current.at, at: held });
    },
    [newest],
  );
  return { at: clampMoment(at, newest), live: at < 0, set };
}

export interface PageQuery {
  at: number;
  against: number;
  query: string;
  sort: string;
  group: string;
  offset: number;
}

/** A page of the bank at a moment. */
export function useMemoryPage(key: string, bank: string, q: PageQuery): Resource<MemoryPage> {
  const { transport } = useApp();
  return useResource<MemoryPage>(
    bank && `page ${key} ${bank} ${q.at} ${q.against} ${q.sort} ${q.group} ${q.offset} ${q.query}`,
    (signal) =>
      transport.get(
        `run/${key}/memory/page`,
        {
          bank,
          at: q.at,
          against: q.against,
          q: q.query,
          sort: q.sort,
          group: q.group,
          offset: q.offset,
          limit: ROWS,
        },
        signal,
      ),
  );
}

/** The life of an entry as it was at a moment. The newest is asked for with all that happened, so the moment only chooses the life. */
export function useLife(key: string, bank: string, entry: string, at: number): Resource<MemoryLife> {
  const { transport } = useApp();
  return useResource<MemoryLife>(bank && entry && `life ${key} ${bank} ${entry} ${at}`, (signal) =>
    transport.get(`run/${key}/memory/life`, { bank, entry, at }, signal),
  );
}

/** A value that follows after it rested. */
export function useRested<T>(value: T, pause = 200): T {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), pause);
    return () => clearTimeout(timer);
  }, [value, pause]);
  return rested;
}
