import { useEffect, useState } from "react";
import { useApp } from "./app";
import type { Episode, EpisodePage } from "./api.gen";

/** How long news of a run wait before its episodes are read again, in milliseconds. */
const CALM = 300;
const MOST = 200;

/** The newest episodes of some runs, as they happen. */
export function useEpisodes(keys: readonly string[]): ReadonlyMap<string, readonly Episode[]> {
  const { transport } = useApp();
  const [found, setFound] = useState<ReadonlyMap<string, readonly Episode[]>>(new Map());
  const name = keys.join(" ");
  useEffect(() => {
    const abort = new AbortController();
    const waiting = new Map<string, ReturnType<typeof setTimeout>>();
    const read = async (key: string) => {
      try {
        const page = await transport.get<EpisodePage>(`run/${key}/episodes`, { limit: MOST }, abort.signal);
        setFound((old) => new Map(old).set(key, page.episodes ?? []));
      } catch {
        // A run that has not begun has no record: the next news read again.
      }
    };
    const stops = name
      .split(" ")
      .filter(Boolean)
      .map((key) => {
        return transport.watch(`run:${key}`, (news) => {
          const begun = news.kind === "gap" || (news.kind === "message" && news.message.type === "episode");
          if (!begun || waiting.has(key)) return;
          waiting.set(
            key,
            setTimeout(() => {
              waiting.delete(key);
              void read(key);
            }, CALM),
          );
        });
      });
    return () => {
      abort.abort();
      for (const timer of waiting.values()) clearTimeout(timer);
      for (const stop of stops) stop();
    };
  }, [transport, name]);
  return found;
}
