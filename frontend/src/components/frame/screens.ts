import type { App } from "../../lib/app";
import type { Command } from "../../lib/keys";
import {
  compareRoute,
  episodeRoute,
  library,
  memoryRoute,
  runRoute,
  settings,
  targets,
  type Route,
  type Screen,
} from "../../lib/route";
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

/** The screens in the order of the rail. */
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
  {
    screen: "episode",
    name: "Episode",
    icon: "episode",
    letter: "e",
    digit: 4,
    open: (app) => episodeRoute(app.lastRun.get()),
  },
  {
    screen: "memory",
    name: "Memory",
    icon: "memory",
    letter: "m",
    digit: 5,
    open: (app) => memoryRoute(app.lastRun.get()),
  },
  {
    screen: "compare",
    name: "Compare",
    icon: "compare",
    letter: "c",
    digit: 6,
    open: () => compareRoute(),
  },
  { screen: "targets", name: "Targets", icon: "targets", letter: "t", digit: 7, open: () => targets },
  { screen: "settings", name: "Settings", icon: "settings", letter: "s", digit: 8, open: () => settings },
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
