import { useCallback, useRef, useState } from "react";
import { useApp } from "../../lib/app";
import type { Notebook } from "../../lib/api.gen";
import { useNotebookActions } from "../../lib/cell-actions";
import { keyed } from "../../lib/cells";
import { useCommands } from "../../lib/commands";
import { isLive } from "../../lib/jobs";
import { keysOf, textAt } from "../../lib/notebook";
import { useRunControls } from "../../lib/run-controls";
import type { NotebookRoute } from "../../lib/route";
import { runRoute } from "../../lib/route";
import { problemsByCell } from "../../lib/same-cells";
import type { Session } from "../../lib/session";
import { useStore } from "../../lib/store";
import { useWork } from "../../lib/work";
import { notebookCommands } from "./commands";
import { CellView } from "./CellView";
import { cellState } from "./cell-state";
import { NotebookHead } from "./NotebookHead";
import { Outline } from "./Outline";
import { SideRuns } from "./SideRuns";
import { SourceTwin } from "./SourceTwin";
import { TimelinePanel } from "./TimelinePanel";
import "../../styles/editing.css";

interface Props {
  session: Session;
  notebook: Notebook;
  route: NotebookRoute;
}

/** Cells that run something or ask for more. */
const RUNNING = new Set(["run", "claim", "sweep"]);

/** Cells that need to know what changed since runs were made. */
const SET_UP = new Set(["world", "agent", "memory", "rl", "arms"]);

/** An open notebook: outline at the left, cells in order. */
export function NotebookPage({ session, notebook, route }: Props) {
  const app = useApp();
  const entries = keyed(notebook);
  const cells = notebook.cells ?? [];
  const runCell = cells.find((c) => c.kind === "run");
  const budget = route.budget || textAt(runCell?.value, "budget") || "laptop";
  const every = useStore(app.jobs).filter((j) => j.path === notebook.path);
  const sweeps = every.filter((j) => j.sweep !== "");
  const jobs = every.filter((j) => j.sweep === "");
  const job = jobs.find(isLive) ?? jobs.find((j) => j.budget === budget);
  const work = useWork(notebook, budget, job);
  const [editing, setEditing] = useState("");
  const [timeline, setTimeline] = useState(false);
  const [asText, setAsText] = useState(false);
  const { refused } = useStore(session.state);
  const search = useRef<HTMLInputElement>(null);
  const selected = route.cell;
  const problems = problemsByCell(notebook);
  const arms = keysOf(cells.find((c) => c.kind === "arms")?.value);

  const change = useCallback(
    (part: Partial<NotebookRoute>) => {
      const now = app.navigation.route.get();
      if (now.screen === "notebook") app.navigation.change({ ...now, ...part });
    },
    [app],
  );
  const select = useCallback((cell: string) => change({ cell }), [change]);
  const edit = useCallback(
    (key: string, on: boolean) => setEditing((now) => (on ? key : now === key ? "" : now)),
    [],
  );
  const go = (cell: string) => {
    setAsText(false);
    select(cell);
    document.getElementById(`cell-${cell}`)?.scrollIntoView({ block: "start" });
  };
  const actions = useNotebookActions(app, session, select);
  const book = useCallback(() => session.state.get().notebook ?? notebook, [session, notebook]);
  const controls = useRunControls({ app, session, notebook, runCell, budget, job, sweeps, work, change });
  useCommands(
    app.commands,
    notebookCommands({
      entries,
      selected,
      editing,
      select,
      edit,
      actions,
      run: work.run,
      runCell: runCell?.id ?? "",
      search: () => search.current?.focus(),
      timeline: () => setTimeline(true),
      text: () => setAsText((on) => !on),
      lesson: () => change({ lesson: "paper" }),
    }),
  );
  return (
    <div className="notebook">
      <Outline
        notebook={notebook}
        selected={selected}
        stateOf={(id) => cellState(notebook, id, work.results.data, job)}
        onGo={go}
        searchRef={search}
      >
        <SideRuns
          arms={arms}
          runs={work.runs}
          stale={work.stale}
          onOpen={(key) => app.navigation.go(runRoute(key))}
        />
      </Outline>
      <div className="cells">
        <NotebookHead
          notebook={notebook}
          results={work.results.data}
          refused={refused}
          reading={notebook.writer !== "" && notebook.writer !== session.page}
          onTakeOver={() => void session.takeOver()}
          onDismiss={() => session.dismiss()}
          onGo={go}
          onSend={actions.send}
          onLesson={() => change({ lesson: "paper" })}
          onTimeline={() => setTimeline(true)}
          asText={asText}
          onText={() => setAsText(!asText)}
        />
        {asText && <SourceTwin notebook={notebook} actions={actions} onLeave={() => setAsText(false)} />}
        {!asText &&
          entries.map(({ key, cell }) => (
            <CellView
              key={key}
              place={key}
              cell={cell}
              book={book}
              path={notebook.path}
              problems={problems(cell.id)}
              selected={cell.id === selected}
              editing={key === editing}
              actions={actions}
              budget={budget}
              controls={RUNNING.has(cell.kind) ? controls : undefined}
              results={cell.kind === "claim" || cell.kind === "table" ? work.results.data : undefined}
              stale={SET_UP.has(cell.kind) ? work.stale : undefined}
              version={cell.kind === "chart" ? work.version : 0}
              onSelect={select}
              onEdit={edit}
            />
          ))}
      </div>
      {timeline && (
        <TimelinePanel
          path={notebook.path}
          revision={notebook.revision}
          onRestore={(state) => actions.send({ type: "restore", state })}
          onClose={() => setTimeline(false)}
        />
      )}
    </div>
  );
}
