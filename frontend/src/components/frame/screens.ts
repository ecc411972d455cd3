import type { App } from "../../lib/app";
import type { Command } from "../../lib/keys";
import { library, runRoute, type Route, type Screen } from "../../lib/route";
import type { IconName } from "../common/Icon";

export interface ScreenEntry {
  screen: Screen;
  name: string;
  icon: IconName;
  /** Letter after "g". */
  letter: string;
  /** Place in the rail: Ctrl or Cmd with this digit. */
  digit: number;
  open: (app: App) => Route;
}

/** The screens in the order of the rail. Those not built yet are not drawn; their digits stay free for them. */
export const SCREENS: readonly ScreenEntry[] = [
  { screen: "library", name: "Library", icon: "library", letter: "l", digit: 1, open: () => library },
  {
    screen: "notebook",
    name: "Notebook",
    icon: "notebook",
    letter: "n",
    digit: 2,
    open: (app) => app.lastNotebook.get(),
  },
  {
    screen: "run",
    name: "Run",
    icon: "run",
    letter: "r",
    digit: 3,
    open: (app) => runRoute(app.lastRun.get()),
  },
];

/** Commands that lead to the screens. */
export function screenCommands(app: App): Command[] {
  return SCREENS.map((s) => ({
    id: `go-${s.screen}`,
    title: `Go to ${s.name}`,
    group: "Screens",
    keys: [`g ${s.letter}`, `Mod+${s.digit}`],
    typing: true,
    run: () => app.navigation.go(s.open(app)),
  }));
}
