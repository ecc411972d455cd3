import { lazy, Suspense, useEffect, useRef } from "react";
import { useApp, type App } from "../../lib/app";
import { library, type NotebookRoute } from "../../lib/route";
import { Session } from "../../lib/session";
import { useStore } from "../../lib/store";
import { Button } from "../common/Button";
import { FailureBox } from "../common/FailureBox";
import { Loading } from "../common/Loading";
import { NewNotebook } from "./NewNotebook";
import { NotebookPage } from "./NotebookPage";

const LessonPage = lazy(() => import("../lesson/LessonPage"));

/** Opens the notebook of the address and shows its four states. */
export default function NotebookScreen({ route }: { route: NotebookRoute }) {
  const app = useApp();
  const session = useSession(app, route.path);
  const { notebook, error, since } = useStore(session.state);
  useEffect(() => (session.path ? session.open() : undefined), [session]);
  useEffect(() => {
    if (notebook) app.lastNotebook.set({ ...route, path: notebook.path });
    const title = notebook?.title || (route.path ? "Notebook" : "No notebook");
    app.heading.set({ title, saved: notebook?.saved_ms ?? 0 });
  }, [app, notebook, route]);

  if (route.path === "") return <NewNotebook />;
  if (error && !notebook) {
    return (
      <div className="page">
        <FailureBox
          failure={error}
          what={`the notebook ${route.path} could not be opened`}
          onRetry={() => void session.load()}
        />
        <Button onClick={() => app.navigation.go(library)}>Back to the Library</Button>
      </div>
    );
  }
  if (!notebook) {
    return (
      <div className="page">
        {since >= 0 && <Loading what={route.path} lines={8} onCancel={() => app.navigation.go(library)} />}
      </div>
    );
  }
  if (route.lesson) {
    return (
      <Suspense fallback={<Loading what="the lesson" lines={6} />}>
        <LessonPage session={session} notebook={notebook} route={route} />
      </Suspense>
    );
  }
  return <NotebookPage session={session} notebook={notebook} route={route} />;
}

/** The session of a path. It stays when its notebook moves on to a copy, so that focus and scroll stay too. */
function useSession(app: App, path: string): Session {
  const held = useRef<Session | undefined>(undefined);
  if (held.current?.path !== path) {
    held.current = new Session(app.transport, path, (moved) => {
      const route = app.navigation.route.get();
      if (route.screen === "notebook") app.navigation.change({ ...route, path: moved });
      app.notice(`shipped notebooks do not change: this is your copy, ${moved}`);
    });
  }
  return held.current;
}
