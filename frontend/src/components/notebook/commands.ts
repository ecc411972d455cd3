import type { KeyedCell } from "../../lib/cells";
import type { Command } from "../../lib/keys";
import { NEW_SECTION, type Edit } from "../../lib/ops";

interface Parts {
  entries: readonly KeyedCell[];
  selected: string;
  editing: string;
  runCell: string;
  select: (cell: string) => void;
  edit: (place: string, on: boolean) => void;
  send: (edit: Edit) => void;
  run: () => void;
}

const GROUP = "Notebook";

/** The keys of the notebook. */
export function notebookCommands(parts: Parts): Command[] {
  return [...moves(parts), ...edits(parts), ...runs(parts)];
}

function moves({ entries, selected, editing, select, edit }: Parts): Command[] {
  const ids = entries.map((e) => e.cell.id);
  const step = (by: number) => {
    const at = ids.indexOf(selected);
    const next = ids[at < 0 ? 0 : Math.max(0, Math.min(ids.length - 1, at + by))];
    if (next !== undefined) focusCell(next, select);
  };
  return [
    { id: "cell-next", title: "Next cell", group: GROUP, keys: ["j"], keyOnly: true, run: () => step(1) },
    {
      id: "cell-previous",
      title: "Previous cell",
      group: GROUP,
      keys: ["k"],
      keyOnly: true,
      run: () => step(-1),
    },
    {
      id: "cell-edit",
      title: "Edit the cell",
      group: GROUP,
      keys: ["Enter"],
      keyOnly: true,
      run: () => selected && openCell(entries, selected, edit),
    },
    {
      id: "cell-leave",
      title: "Leave the field or the text",
      group: GROUP,
      keys: ["Escape"],
      keyOnly: true,
      typing: true,
      run: () => {
        if (editing) edit(editing, false);
        if (selected) focusCell(selected, select);
      },
    },
    {
      id: "cell-search",
      title: "Search here",
      group: GROUP,
      keys: ["/"],
      run: () => document.querySelector<HTMLButtonElement>(".outline button")?.focus(),
    },
  ];
}

function edits({ entries, selected, send }: Parts): Command[] {
  const ids = entries.map((e) => e.cell.id);
  const insert = (after: string) => send({ type: "insert-cell", after, kind: "prose", source: NEW_SECTION });
  return [
    { id: "undo", title: "Undo", group: GROUP, keys: ["Mod+Z", "u"], run: () => send({ type: "undo" }) },
    { id: "redo", title: "Redo", group: GROUP, keys: ["Mod+Shift+Z"], run: () => send({ type: "redo" }) },
    {
      id: "insert-above",
      title: "Text above this cell",
      group: GROUP,
      keys: ["a"],
      run: () => insert(ids[ids.indexOf(selected) - 1] ?? ""),
    },
    {
      id: "insert-below",
      title: "Text below this cell",
      group: GROUP,
      keys: ["b"],
      run: () => insert(selected || (ids.at(-1) ?? "")),
    },
    {
      id: "cut",
      title: "Delete this cell (undo brings it back)",
      group: GROUP,
      keys: ["x"],
      run: () => selected && send({ type: "delete-cell", cell: selected }),
    },
  ];
}

function runs({ entries, selected, runCell, select, run }: Parts): Command[] {
  const ids = entries.map((e) => e.cell.id);
  const goOn = () => {
    const next = ids[ids.indexOf(selected) + 1];
    if (next !== undefined) focusCell(next, select);
  };
  const press = () => {
    (document.activeElement as HTMLElement | null)?.blur();
    if (selected === runCell || selected === "") run();
  };
  return [
    {
      id: "run-go-on",
      title: "Run the cell and go on",
      group: GROUP,
      keys: ["Shift+Enter"],
      typing: true,
      run: () => {
        press();
        goOn();
      },
    },
    {
      id: "run-stay",
      title: "Run the cell and stay",
      group: GROUP,
      keys: ["Mod+Enter"],
      typing: true,
      run: press,
    },
    {
      id: "run-all",
      title: "Run everything that is missing or stale",
      group: GROUP,
      keys: ["Mod+Shift+Enter"],
      typing: true,
      run,
    },
  ];
}

function focusCell(id: string, select: (cell: string) => void): void {
  select(id);
  const element = document.getElementById(`cell-${id}`);
  element?.focus({ preventScroll: true });
  element?.scrollIntoView({ block: "nearest" });
}

/** Text opens its editor; a form gives the focus to its first field. */
function openCell(
  entries: readonly KeyedCell[],
  id: string,
  edit: (place: string, on: boolean) => void,
): void {
  const entry = entries.find((e) => e.cell.id === id);
  const field = document
    .getElementById(`cell-${id}`)
    ?.querySelector<HTMLElement>("input:not([type=radio]), select");
  if (!entry) return;
  if (entry.cell.kind === "prose" || !field) edit(entry.key, true);
  else field.focus();
}
