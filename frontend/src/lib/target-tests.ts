import { useCallback, useEffect, useRef, useState } from "react";
import type { TargetsPage, TargetTest } from "./api.gen";
import type { App } from "./app";
import { failure } from "./transport";

/** How often the steps of a test are asked for while it goes on, in milliseconds. */
const STEP = 300;

/** What may be done with a target that takes steps. */
export type Doing = "test" | "start" | "stop";

/**
 * Tests, starts and stops of targets by name: the last one of each as the server has it, and those that go on, step by step. Once one is over,
 * `over` is called.
 */
export function useTargetTests(app: App, page: TargetsPage | undefined, over: () => void) {
  const [mine, setMine] = useState<Record<string, TargetTest>>({});
  const gone = useRef(false);
  const last = useRef(over);
  last.current = over;
  useEffect(() => {
    gone.current = false;
    return () => {
      gone.current = true;
    };
  }, []);
  const follow = useCallback(
    async (name: string, first: TargetTest) => {
      let now = first;
      for (;;) {
        if (gone.current) return;
        const shown = now;
        setMine((all) => ({ ...all, [name]: shown }));
        if (!now.running) {
          if (now.doing !== "test") last.current();
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, STEP));
        now = await app.transport.get<TargetTest>(`target/${encodeURIComponent(name)}/test`);
      }
    },
    [app],
  );
  const act = useCallback(
    (name: string, doing: Doing, body?: unknown) =>
      void app.transport
        .post<TargetTest>(`target/${encodeURIComponent(name)}/${doing}`, {}, body)
        .then((first) => follow(name, first))
        .catch((error: unknown) => {
          const { message, hint } = failure(error);
          app.notice(`${message}; ${hint}`);
        }),
    [app, follow],
  );
  const tests: Record<string, TargetTest> = {};
  for (const row of page?.targets ?? []) {
    const newest = newer(mine[row.name], row.test);
    if (newest) tests[row.name] = newest;
  }
  return { tests, act };
}

/** The newer of two; one that goes on is followed here. */
function newer(mine: TargetTest | undefined, kept: TargetTest | null): TargetTest | undefined {
  if (!kept) return undefined;
  return mine && mine.at_ms >= kept.at_ms ? mine : kept;
}
