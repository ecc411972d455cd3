import { useEffect, useState } from "react";
import type { ForkView } from "./api.gen";
import { useApp } from "./app";
import { underWay } from "./fork";
import { failure, type Failure } from "./transport";

/** How often a fork that works is looked at, in milliseconds. */
const PAUSE = 400;

/** Follows a fork until it is over. A line that breaks is tried again: the fork belongs to the server. */
export function useFork(begun: ForkView | undefined): {
  fork: ForkView | undefined;
  lost: Failure | undefined;
} {
  const { transport } = useApp();
  const [fork, setFork] = useState(begun);
  const [lost, setLost] = useState<Failure>();
  const key = begun?.key ?? "";
  useEffect(() => {
    setFork(begun);
    setLost(undefined);
    if (key === "" || !underWay(begun)) return;
    const abort = new AbortController();
    let timer = 0;
    const look = () =>
      void transport.get<ForkView>(`fork/${key}`, {}, abort.signal).then(
        (now) => {
          if (abort.signal.aborted) return;
          setFork(now);
          setLost(undefined);
          if (underWay(now)) timer = window.setTimeout(look, PAUSE);
        },
        (error: unknown) => {
          if (abort.signal.aborted) return;
          setLost(failure(error));
          timer = window.setTimeout(look, 5 * PAUSE);
        },
      );
    timer = window.setTimeout(look, PAUSE / 4);
    return () => {
      abort.abort();
      window.clearTimeout(timer);
    };
  }, [transport, key, begun]);
  return { fork, lost };
}
