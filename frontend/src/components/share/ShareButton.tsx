import { lazy, Suspense, useState } from "react";
import { useApp } from "../../lib/app";
import { useCommands } from "../../lib/commands";
import { useStore } from "../../lib/store";
import { Button } from "../common/Button";

const ShareDialogue = lazy(() => import("./ShareDialogue").then((m) => ({ default: m.ShareDialogue })));

/** Share, in the top line of an open notebook. */
export function ShareButton() {
  const app = useApp();
  const route = useStore(app.navigation.route);
  const last = useStore(app.lastNotebook);
  const [open, setOpen] = useState(false);
  const path = route.screen === "notebook" ? route.path || last.path : "";
  useCommands(
    app.commands,
    path
      ? [{ id: "share", title: "Share this notebook", group: "Notebook", keys: [], run: () => setOpen(true) }]
      : [],
  );
  if (!path || route.screen !== "notebook") return null;
  return (
    <>
      <Button look="quiet" icon="share" onClick={() => setOpen(true)}>
        Share
      </Button>
      {open && (
        <Suspense fallback={null}>
          <ShareDialogue path={path} budget={route.budget} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
