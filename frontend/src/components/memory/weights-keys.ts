import type { App } from "../../lib/app";
import { useCommands } from "../../lib/commands";

interface WeightActions {
  move: (by: 1 | -1) => void;
  episode: (by: 1 | -1) => void;
}

/** The keys of the slider over kept steps, where no other slider has them. */
export function useMemoryKeys(app: App, alone: boolean, act: WeightActions): void {
  const key = (id: string, title: string, keys: string[], run: () => void) => ({
    id: `weights-${id}`,
    title,
    group: "Memory",
    keys,
    keyOnly: true,
    run,
  });
  useCommands(
    app.commands,
    alone
      ? [
          key("back", "One kept step back", ["ArrowLeft"], () => act.move(-1)),
          key("on", "One kept step on", ["ArrowRight"], () => act.move(1)),
          key("episode-back", "One episode back", ["Shift+ArrowLeft"], () => act.episode(-1)),
          key("episode-on", "One episode on", ["Shift+ArrowRight"], () => act.episode(1)),
        ]
      : [],
  );
}
