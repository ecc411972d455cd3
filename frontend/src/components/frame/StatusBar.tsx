import { useApp } from "../../lib/app";
import { age } from "../../lib/format";
import { isLive, summarise } from "../../lib/jobs";
import { useNow } from "../../lib/now";
import { formatRoute, notebookRoute } from "../../lib/route";
import { useStore } from "../../lib/store";
import { useSpoken } from "../../lib/spoken";
import { ProgressBar } from "../common/ProgressBar";
import { StateMark } from "../common/StateMark";

/** The work that goes on, on every screen, and the state of the line to the server. */
export function StatusBar() {
  const app = useApp();
  const jobs = useStore(app.jobs);
  const status = useStore(app.status);
  const work = summarise(jobs);
  const first = jobs.find(isLive);
  const spoken = useSpoken(work?.text ?? "no work is running");
  return (
    <footer className="statusbar">
      {work && first ? (
        <a
          className="statusbar-work"
          title={first.title}
          href={formatRoute(notebookRoute(first.path))}
          onClick={(event) => {
            if (event.metaKey || event.ctrlKey) return;
            event.preventDefault();
            app.navigation.go(notebookRoute(first.path));
          }}
        >
          <StateMark state={work.paused ? "paused" : "running"} />
          <ProgressBar share={work.share} label="all work" thin />
          <span>{work.text}</span>
          {work.failed > 0 && <span className="tone-bad">! {work.failed} failed</span>}
        </a>
      ) : (
        <span className="statusbar-idle">no work is running</span>
      )}
      <Line />
      {status && (
        <span className="statusbar-kernel" title={status.machine}>
          {status.kernel} kernel
        </span>
      )}
      <span className="statusbar-keys">
        <kbd>j</kbd> <kbd>k</kbd> move <kbd>?</kbd> keys
      </span>
      <span className="unseen" role="status">
        {spoken}
      </span>
    </footer>
  );
}

/** Says how old the picture is while the server cannot be heard. */
function Line() {
  const { connection } = useApp().transport;
  const { state, heard } = useStore(connection);
  const now = useNow(1000);
  if (state === "live") return null;
  const old = age(heard, now);
  return (
    <span className="statusbar-line tone-wait">
      ~{" "}
      {state === "connecting" ? "connecting" : `no connection, last heard ${old || "just now"}; trying again`}
    </span>
  );
}
