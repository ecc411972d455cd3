import { useApp } from "../../lib/app";
import type { InspectEpisode, InspectNext } from "../../lib/api.gen";
import { useCommands } from "../../lib/commands";
import { memoryRoute, type EpisodeRoute } from "../../lib/route";
import { failure } from "../../lib/transport";

interface Props {
  head: InspectEpisode;
  route: EpisodeRoute;
  at: number;
  /** The last step that can be shown. */
  last: number;
  /** Memory events before the step; -1 while it is not known. */
  moment: number;
  onStep: (t: number) => void;
  onCompare: () => void;
  onFork: () => void;
}

/** What [ and ] look for. */
export const EVENTS: readonly [string, string][] = [
  ["", "any event"],
  ["read", "read"],
  ["write", "write, change, delete"],
  ["error", "error"],
  ["reward", "change of reward"],
];

/** The keys of the inspector, and what its buttons share with them. */
export function useInspectorKeys({ head, route, at, last, moment, onStep, onCompare, onFork }: Props) {
  const app = useApp();
  const jump = (by: 1 | -1, event = route.event) => {
    const name = EVENTS.find(([value]) => value === event)?.[1] ?? "event";
    const query = { episode: route.episode, t: at, by, event };
    app.transport
      .get<InspectNext>(`run/${route.key}/inspect/next`, query)
      .then(({ t }) =>
        t >= 0 ? onStep(t) : app.notice(`no ${name} ${by > 0 ? "after" : "before"} step ${at}`),
      )
      .catch((error: unknown) => app.notice(failure(error).message));
  };
  const memory = () => app.navigation.go(memoryRoute(route.key, "", moment));
  useCommands(
    app.commands,
    head.steps === 0
      ? []
      : [
          {
            id: "step-next",
            title: "Next step",
            group: "Episode",
            keys: ["j", "ArrowRight"],
            keyOnly: true,
            run: () => onStep(at + 1),
          },
          {
            id: "step-back",
            title: "Previous step",
            group: "Episode",
            keys: ["k", "ArrowLeft"],
            keyOnly: true,
            run: () => onStep(at - 1),
          },
          {
            id: "event-next",
            title: "Next event of interest",
            group: "Episode",
            keys: ["]"],
            run: () => jump(1),
          },
          {
            id: "event-back",
            title: "Previous event of interest",
            group: "Episode",
            keys: ["["],
            run: () => jump(-1),
          },
          { id: "step-first", title: "First step", group: "Episode", keys: ["Home"], run: () => onStep(0) },
          {
            id: "step-last",
            title: "Last step",
            group: "Episode",
            keys: ["End"],
            run: () => onStep(last),
          },
          {
            id: "episode-compare",
            title: "Compare with another episode",
            group: "Episode",
            keys: ["c"],
            run: onCompare,
          },
          { id: "episode-fork", title: "Fork at this step", group: "Episode", keys: ["o"], run: onFork },
          { id: "episode-memory", title: "Memory at this step", group: "Episode", keys: ["m"], run: memory },
          {
            id: "episode-search",
            title: "Search the steps of this episode",
            group: "Episode",
            keys: ["/"],
            run: () => document.querySelector<HTMLInputElement>(".inspect-search input")?.focus(),
          },
        ],
  );
  return { jump, memory };
}
