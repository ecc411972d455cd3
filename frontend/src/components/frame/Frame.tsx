import { useEffect, useMemo, useState } from "react";
import { App, AppContext } from "../../lib/app";
import { useCommands } from "../../lib/commands";
import { followWindow } from "../../lib/desktop";
import type { Command } from "../../lib/keys";
import { notebookRoute } from "../../lib/route";
import { useStore } from "../../lib/store";
import { HintLine } from "./HintLine";
import { KeysSheet } from "./KeysSheet";
import { Notices } from "./Notices";
import { Palette } from "./Palette";
import { Rail } from "./Rail";
import { ScreenView } from "./ScreenView";
import { screenCommands } from "./screens";
import { StatusBar } from "./StatusBar";
import { TopLine } from "./TopLine";

type Sheet = "" | "palette" | "keys";

/** What surrounds every screen: rail, top line, status bar, palette, keys. */
export function Frame({ app }: { app: App }) {
  const [sheet, setSheet] = useState<Sheet>("");
  const heading = useStore(app.heading);
  useEffect(() => app.follow(), [app]);
  useEffect(() => followWindow(app), [app]);
  useEffect(() => {
    addEventListener("keydown", app.commands.press);
    return () => removeEventListener("keydown", app.commands.press);
  }, [app]);
  useEffect(() => {
    document.title = heading.title === "Library" ? "Loci" : `${heading.title} · Loci`;
  }, [heading.title]);
  useCommands(app.commands, useFrameCommands(app, setSheet));
  return (
    <AppContext.Provider value={app}>
      <div className="frame">
        <a className="skip" href="#main">
          Skip to the page
        </a>
        <Rail />
        <TopLine onPalette={() => setSheet("palette")} onKeys={() => setSheet("keys")} />
        <HintLine />
        <ScreenView />
        <StatusBar />
      </div>
      <Notices />
      <Palette open={sheet === "palette"} onClose={() => setSheet("")} />
      <KeysSheet open={sheet === "keys"} onClose={() => setSheet("")} />
    </AppContext.Provider>
  );
}

function useFrameCommands(app: App, setSheet: (sheet: Sheet) => void): Command[] {
  return useMemo(
    () => [
      ...screenCommands(app),
      {
        id: "palette",
        title: "Search screens, notebooks, runs and commands",
        group: "Everywhere",
        keys: ["Mod+K"],
        typing: true,
        keyOnly: true,
        run: () => setSheet("palette"),
      },
      { id: "keys", title: "Show the keys", group: "Everywhere", keys: ["?"], run: () => setSheet("keys") },
      {
        id: "new-notebook",
        title: "New notebook",
        group: "Everywhere",
        keys: [],
        run: () => app.navigation.go(notebookRoute("")),
      },
      {
        id: "copy-address",
        title: "Copy the address of this place",
        group: "Everywhere",
        keys: ["y"],
        run: () =>
          void navigator.clipboard
            ?.writeText(location.href)
            .then(() => app.notice("address copied"))
            .catch(() =>
              app.notice("the browser does not let this page copy; take it from the address line"),
            ),
      },
    ],
    [app, setSheet],
  );
}
