import { useCallback, useEffect, useRef, useState } from "react";
import { failure, type Failure } from "./transport";

/** Something that is being fetched, was fetched, or could not be. Older data stay while newer ones come. */
export interface Resource<T> {
  data: T | undefined;
  error: Failure | undefined;
  /** When the present fetch began, 0 when none goes on. */
  since: number;
  reload: () => void;
  /** Puts a newer value in place, for example one that a message brought. */
  put: (change: (old: T | undefined) => T | undefined) => void;
}

interface Held<T> {
  key: string;
  data: T | undefined;
  error: Failure | undefined;
  since: number;
}

/** Fetches when the key changes; "" fetches nothing. Answers that come too late for their key are dropped. */
export function useResource<T>(key: string, fetcher: (signal: AbortSignal) => Promise<T>): Resource<T> {
  const [held, setHeld] = useState<Held<T>>({ key: "", data: undefined, error: undefined, since: 0 });
  const [turn, setTurn] = useState(0);
  const latest = useRef(fetcher);
  latest.current = fetcher;

  useEffect(() => {
    if (key === "") return;
    const abort = new AbortController();
    setHeld((old) => ({ ...(old.key === key ? old : empty<T>(key)), since: Date.now() }));
    latest.current(abort.signal).then(
      (data) => abort.signal.aborted || setHeld({ key, data, error: undefined, since: 0 }),
      (error: unknown) =>
        abort.signal.aborted || setHeld((old) => ({ ...old, error: failure(error), since: 0 })),
    );
    return () => abort.abort();
  }, [key, turn]);

  const reload = useCallback(() => setTurn((n) => n + 1), []);
  const put = useCallback((change: (old: T | undefined) => T | undefined) => {
    setHeld((old) => ({ ...old, data: change(old.data) }));
  }, []);
  const mine = held.key === key ? held : empty<T>(key);
  return { data: mine.data, error: mine.error, since: mine.since, reload, put };
}

function empty<T>(key: string): Held<T> {
  return { key, data: undefined, error: undefined, since: 0 };
}
