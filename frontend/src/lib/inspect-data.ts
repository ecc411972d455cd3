import { useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import type {
  EntryNote,
  InspectAlign,
  InspectEpisode,
  InspectRow,
  InspectStep,
  InspectWindow,
} from "./api.gen";
import { useApp } from "./app";
import { useResource, type Resource } from "./resource";
import { Store } from "./store";
import type { Transport } from "./transport";

/** Rows of the step list that are read at a time. */
export const ROWS = 60;

/** An episode as a whole. The newest one (-1) is read again when the run has ended another, until the reader chooses a step. */
export function useInspected(key: string, episode: number, follow: boolean): Resource<InspectEpisode> {
  const { transport } = useApp();
  const found = useResource<InspectEpisode>(key && `inspect ${key} ${episode}`, (signal) =>
    transport.get(`run/${key}/inspect`, { episode }, signal),
  );
  const { reload } = found;
  const live = found.data !== undefined && (!found.data.ended || follow);
  useEffect(() => {
    if (key === "" || !live) return;
    return transport.watch(`run:${key}`, (news) => {
      if (news.kind === "gap" || (news.kind === "message" && news.message.episode)) reload();
    });
  }, [transport, key, live, reload]);
  return found;
}

/** One step with everything that is known of it. The last one stays in sight while the next is read. */
export function useStepDetail(key: string, episode: number, t: number): Resource<InspectStep> {
  const { transport } = useApp();
  const id = key && episode >= 0 && t >= 0 ? `step ${key} ${episode} ${t}` : "";
  const found = useResource<InspectStep>(id, (signal) =>
    transport.get(`run/${key}/inspect/step`, { episode, t }, signal),
  );
  const place = `${key} ${episode}`;
  const last = useRef<{ place: string; data: InspectStep } | undefined>(undefined);
  if (found.data) last.current = { place, data: found.data };
  const old = last.current?.place === place && id !== "" ? last.current.data : undefined;
  return { ...found, data: found.data ?? (found.error ? undefined : old) };
}

/** What the records say of entries that a reading named. */
export function useEntryNotes(
  key: string,
  bank: string,
  moment: number,
  ids: readonly string[],
): EntryNote[] | undefined {
  const { transport } = useApp();
  const list = ids.join(",");
  const id = key && list ? `entries ${key} ${bank} ${moment} ${list}` : "";
  return useResource<EntryNote[]>(id, (signal) =>
    transport.get(`run/${key}/inspect/entries`, { bank, at: moment, ids: list }, signal),
  ).data;
}

/** How two episodes compare, step by step. */
export function useAlign(
  key: string,
  episode: number,
  other: string,
  otherEpisode: number,
): Resource<InspectAlign> {
  const { transport } = useApp();
  const id =
    key && episode >= 0 && otherEpisode >= 0 ? `align ${key} ${episode} ${other} ${otherEpisode}` : "";
  return useResource<InspectAlign>(id, (signal) =>
    transport.get(
      `run/${key}/inspect/align`,
      { episode, other: other || key, "other-episode": otherEpisode },
      signal,
    ),
  );
}

/** The rows of an episode that are at hand. Pages come when they are wanted, each once. */
export class RowCache {
  /** Rises when rows have come. */
  readonly version = new Store(0);
  private readonly rows = new Map<number, InspectRow>();
  private readonly asked = new Set<number>();

  constructor(
    private readonly transport: Transport,
    private readonly key: string,
    private readonly episode: number,
    private readonly steps: number,
  ) {}

  get(t: number): InspectRow | undefined {
    return this.rows.get(t);
  }

  /** Asks for the pages of a range of steps. */
  want(from: number, to: number): void {
    const last = Math.min(to, this.steps - 1);
    for (let page = Math.floor(Math.max(0, from) / ROWS); page * ROWS <= last; page++) void this.read(page);
  }

  private async read(page: number): Promise<void> {
    if (this.asked.has(page)) return;
    this.asked.add(page);
    const around = page * ROWS + ROWS / 2;
    try {
      const query = { episode: this.episode, around, limit: ROWS };
      const window = await this.transport.get<InspectWindow>(`run/${this.key}/inspect/steps`, query);
      for (const row of window.rows ?? []) this.rows.set(row.t, row);
      this.version.update((v) => v + 1);
    } catch {
      this.asked.delete(page); // the next look at this page asks again; the step itself tells what is wrong
    }
  }
}

/** The step list of an episode. */
export function useRows(key: string, episode: number, steps: number): RowCache {
  const { transport } = useApp();
  const cache = useMemo(() => new RowCache(transport, key, episode, steps), [transport, key, episode, steps]);
  useSyncExternalStore(cache.version.subscribe, cache.version.get);
  return cache;
}
