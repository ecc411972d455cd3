import { useEffect } from "react";
import { useApp } from "../../lib/app";
import type { PaperMechanism } from "../../lib/api.gen";
import { useCommands } from "../../lib/commands";
import { useResource } from "../../lib/resource";
import { library, notebookRoute, type LibraryRoute } from "../../lib/route";
import { Button } from "../common/Button";
import { FailureBox } from "../common/FailureBox";
import { Loading } from "../common/Loading";
import { MechanismView } from "./MechanismView";
import { SourceView } from "./SourceView";
import "../../styles/mechanism.css";

/** How a paper works: its mechanism moving through a recorded episode, or the source beside its equations. */
export default function PaperPage({ route, notebook }: { route: LibraryRoute; notebook: string }) {
  const app = useApp();
  const { data, error, reload } = useResource(`mechanism ${route.paper}`, (signal) =>
    app.transport.get<PaperMechanism>(`paper/${route.paper}/mechanism`, {}, signal),
  );
  const back = () => app.navigation.go({ ...library, paper: route.paper });
  const show = (view: "code" | "mechanism") => app.navigation.change({ ...route, view });
  const title = data ? `${route.view === "code" ? "The code of" : "How it works:"} ${data.title}` : "Library";
  useEffect(() => app.heading.set({ title, saved: 0 }), [app, title]);
  useCommands(app.commands, [
    { id: "card", title: "Back to the card", group: "Paper", keys: ["Escape"], run: back },
    { id: "code", title: "Read the code", group: "Paper", keys: ["v"], run: () => show("code") },
    {
      id: "mechanism",
      title: "Watch the mechanism",
      group: "Paper",
      keys: ["w"],
      run: () => show("mechanism"),
    },
  ]);
  return (
    <div className="page mechanism-page">
      <header className="page-head">
        <p className="fine">
          <Button look="quiet" icon="back" onClick={back}>
            Library
          </Button>
        </p>
        <h1>{data?.title ?? route.paper}</h1>
        {data && <p className="lead">{data.sheet}</p>}
        <p className="mechanism-tabs">
          <Button pressed={route.view === "mechanism"} onClick={() => show("mechanism")}>
            Mechanism
          </Button>
          <Button pressed={route.view === "code"} onClick={() => show("code")}>
            Read the code
          </Button>
          {notebook && (
            <Button look="main" icon="arrow" onClick={() => app.navigation.go(notebookRoute(notebook))}>
              Open notebook
            </Button>
          )}
        </p>
      </header>
      {error && <FailureBox failure={error} what="the mechanism could not be read" onRetry={reload} />}
      {!data && !error && <Loading what="the mechanism" lines={8} onCancel={back} />}
      {data && (route.view === "code" ? <SourceView paper={data} /> : <MechanismView paper={data} />)}
    </div>
  );
}
