import { useId, useState } from "react";
import type { CompareTable, Library, Notebook, OpResult } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { chartSource, noteSource } from "../../lib/compare";
import { made, toOperation } from "../../lib/ops";
import { useResource } from "../../lib/resource";
import { notebookRoute, type CompareRoute } from "../../lib/route";
import { failure } from "../../lib/transport";
import { Button } from "../common/Button";

/** Keeps what is shown in a notebook: a note with its sentence and address, and a chart where the notebook has these arms. */
export function SaveView({ table, route }: { table: CompareTable; route: CompareRoute }) {
  const app = useApp();
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const choice = useId();
  const library = useResource(open ? "library for saving" : "", (signal) =>
    app.transport.get<Library>("library", {}, signal),
  );
  const first = table.arms?.[0]?.notebook ?? "";
  const own = library.data?.own ?? [];
  const places = [
    ...own.map((n) => ({ path: n.path, title: n.title })),
    ...(own.some((n) => n.path === first) || !first
      ? []
      : [{ path: first, title: "a copy of its own notebook" }]),
  ];
  const [path, setPath] = useState("");
  const chosen = path || places[0]?.path || "";
  const save = async () => {
    setBusy(true);
    try {
      const at = await keep(chosen, table, route, app.transport);
      setOpen(false);
      app.notice("The view stands in the notebook now.", {
        label: "Open it",
        run: () => app.navigation.go(notebookRoute(at)),
      });
    } catch (error) {
      const why = failure(error);
      app.notice(`The view could not be kept: ${why.message}. ${why.hint}`);
    }
    setBusy(false);
  };
  return (
    <span className="save-view" onKeyDown={(e) => e.key === "Escape" && setOpen(false)}>
      <Button pressed={open} onClick={() => setOpen(!open)}>
        Save this view
      </Button>
      {open && (
        <span className="save-panel" role="group" aria-label="save this view into a notebook">
          <label htmlFor={choice}>into</label>
          <select id={choice} value={chosen} autoFocus onChange={(e) => setPath(e.target.value)}>
            {places.map((p) => (
              <option key={p.path} value={p.path}>
                {p.title} ({p.path})
              </option>
            ))}
          </select>
          <Button look="main" disabled={busy || chosen === ""} onClick={() => void save()}>
            Save
          </Button>
          <span className="fine">
            A note with the sentence and the address of this view
            {chartSource(table) ? ", and a chart of the metric" : ""}.
          </span>
        </span>
      )}
    </span>
  );
}

/** Appends the cells through the notebook's own operations; a shipped notebook is copied first. Returns where they stand. */
async function keep(
  path: string,
  table: CompareTable,
  route: CompareRoute,
  transport: ReturnType<typeof useApp>["transport"],
): Promise<string> {
  let notebook = await transport.get<Notebook>("notebook", { path });
  if (notebook.read_only) notebook = await transport.post<Notebook>("notebook/copy", { path }, { name: "" });
  const at = { path: notebook.path };
  const insert = async (kind: string, source: string) => {
    const last = (notebook.cells ?? []).at(-1)?.id ?? "";
    const edit = toOperation(
      made({ type: "insert-cell", after: last, kind, source }, notebook),
      notebook,
      "",
    );
    notebook = (await transport.post<OpResult>("notebook/op", at, edit)).notebook;
  };
  const chart = chartSource(table);
  const same = (table.arms ?? []).every((a) => a.paper === notebook.paper);
  if (chart && same) await insert("chart", chart);
  await insert("note", noteSource(table, route, new Date().toISOString().slice(0, 10)));
  return notebook.path;
}
