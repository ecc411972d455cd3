import type { App } from "../../lib/app";
import { useCommands } from "../../lib/commands";

/** What the keys of the Memory screen do. */
export interface MemoryActions {
  move: (by: 1 | -1) => void;
  episode: (by: 1 | -1) => void;
  pin: () => void;
  difference: () => void;
  life: () => void;
  ask: () => void;
  filter: () => void;
  select: (by: 1 | -1) => void;
  close: () => void;
  newest: () => void;
}

/** Offers the keys of the Memory screen while it is open. */
export function useMemoryCommands(app: App, act: MemoryActions): void {
  const key = (id: string, title: string, keys: string[], run: () => void, keyOnly = false) => ({
    id: `memory-${id}`,
    title,
    group: "Memory",
    keys,
    keyOnly,
    run,
  });
  useCommands(app.commands, [
    key("back", "One operation back", ["ArrowLeft"], () => act.move(-1), true),
    key("on", "One operation on", ["ArrowRight"], () => act.move(1), true),
    key("episode-back", "One episode back", ["Shift+ArrowLeft"], () => act.episode(-1), true),
    key("episode-on", "One episode on", ["Shift+ArrowRight"], () => act.episode(1), true),
    key("newest", "Follow the newest moment", ["f"], act.newest),
    key("pin", "Pin this moment to compare with", ["p"], act.pin),
    key("difference", "Difference to an earlier moment", ["d"], act.difference),
    key("life", "Life of the chosen entry", ["l"], act.life),
    key("ask", "Ask what would be read", ["w"], act.ask),
    key("filter", "Filter the entries", ["/"], act.filter),
    key("next", "Next entry", ["j"], () => act.select(1), true),
    key("previous", "Previous entry", ["k"], () => act.select(-1), true),
    key("close", "Close the life of the entry", ["Escape"], act.close, true),
  ]);
}
