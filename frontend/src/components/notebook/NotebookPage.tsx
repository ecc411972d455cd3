import { useCallback, useMemo, useState } from "react";
import { useApp } from "../../lib/app";
import type { Notebook } from "../../lib/api.gen";
import { keyed } from "../../lib/cells";
import { useCommands } from "../../lib/commands";
import { isLive } from "../../lib/jobs";
import { textAt } from "../../lib/notebook";
import type { Edit } from "../../lib/ops";
import { runRoute, type NotebookRoute } from "../../lib/route";
import type { Session } from "../../lib/session";
import { useStore } from "../../lib/store";
import { useWork } from "../../lib/work";
import type { CellActions } from "./actions";
import { notebookCommands } from "./commands";
import { CellView } from "./CellView";
import { NotebookHead } from "./NotebookHead";
import { Outline } from "./Outline";
import type { RunControls } from "./RunCell";
import { cellState } from "./cell-state";

interface Props {
  session: Session;
  notebook: Notebook;
  route: NotebookRoute;
}

const BUDGETS = ["fast", "laptop", "full"] as const;

/** An open notebook: outline at the left, cells in order. */
export function NotebookPage({ session, notebook, route }: Props) {
  const app = useApp();
  const entries = keyed(notebook);
  const cells = notebook.cells ?? [];
  const runCell = cells.find((c) => c.kind === "run");
  const budget = route.budget || textAt(runCell?.value, "budget") || "laptop";
  const jobs = useStore(app.jobs).filter((j) => j.path === notebook.path);
  const job = jobs.find(isLive) ?? jobs.find((j) => j.budget === budget);
  const work = useWork(notebook, budget, job);
  const [editing, setEditing] = useState("");
  const { refused } = useStore(session.state);
  const selected = route.cell;

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
    select(cell);
    document.getElementById(`cell-${cell}`)?.scrollIntoView({ block: "start" });
  };
  const send = useCallback((edit: Edit) => void session.send(edit), [session]);
  const actions: CellActions = useMemo(() => ({ send }), [send]);
  const controls: RunControls = {
    budget,
    budgets: BUDGETS,
    plan: work.plan,
    job,
    blocked: (notebook.problems ?? []).length > 0 ? "nothing runs while the notebook has problems" : "",
    onBudget: (b) => change({ budget: b }),
    onRun: work.run,
    onControl: (verb) => job && work.control(job, verb),
    onOpenRun: (key) => app.navigation.go(runRoute(key)),
  };
  useCommands(
    app.commands,
    notebookCommands({
      entries,
      selected,
      editing,
      select,
      edit,
      send,
      run: work.run,
      runCell: runCell?.id ?? "",
    }),
  );
  return (
    <div className="notebook">
      <Outline
        notebook={notebook}
        selected={selected}
        stateOf={(id) => cellState(notebook, id, work.results.data, job)}
        onGo={go}
      />
      <div className="cells">
        <NotebookHead
          notebook={notebook}
          results={work.results.data}
          refused={refused}
          onDismiss={() => session.dismiss()}
          onGo={go}
          onSend={send}
          onLesson={() => change({ lesson: "paper" })}
        />
        {entries.map(({ key, cell }) => (
          <CellView
            key={key}
            place={key}
            cell={cell}
            notebook={notebook}
            selected={cell.id === selected}
            editing={key === editing}
            actions={actions}
            budget={budget}
            controls={cell.kind === "run" ? controls : undefined}
            results={cell.kind === "claim" || cell.kind === "table" ? work.results.data : undefined}
            version={work.version}
            onSelect={select}
            onEdit={edit}
          />
        ))}
      </div>
    </div>
  );
}
