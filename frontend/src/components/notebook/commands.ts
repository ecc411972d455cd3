import type { KeyedCell } from "../../lib/cells";
import type { Command } from "../../lib/keys";
import type { NotebookActions } from "../../lib/cell-actions";

interface Parts {
  entries: readonly KeyedCell[];
  selected: string;
  editing: string;
  runCell: string;
  select: (cell: string) => void;
  edit: (place: string, on: boolean) => void;
  actions: NotebookActions;
  run: () => void;
  search: () => void;
  timeline: () => void;
  text: () => void;
  lesson: () => void;
}

const GROUP = "Notebook";

/** The keys of the notebook. */
export function notebookCommands(parts: Parts): Command[] {
  return [...moves(parts), ...edits(parts), ...runs(parts)];
}

function moves({ entries, selected, editing, select, edit, search }: Parts): Command[] {
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
      run: search,
    },
  ];
}

function edits({ entries, selected, actions, timeline, text, lesson }: Parts): Command[] {
  const ids = entries.map((e) => e.cell.id);
  const { send } = actions;
  const one = (id: string, title: string, keys: string[], run: () => void): Command => ({
    id,
    title,
    group: GROUP,
    keys,
    run,
  });
  const below = selected || (ids.at(-1) ?? "");
  return [
    one("undo", "Undo", ["Mod+Z", "u"], () => send({ type: "undo" })),
    one("redo", "Redo", ["Mod+Shift+Z"], () => send({ type: "redo" })),
    one("insert-above", "Text above this cell", ["a"], () =>
      actions.add("prose", ids[ids.indexOf(selected) - 1] ?? ""),
    ),
    one("insert-below", "Text below this cell", ["b"], () => actions.add("prose", below)),
    one("cut", "Cut this cell", ["x"], () => selected && actions.cut(selected)),
    one("paste", "Paste the cut cell below", ["p"], () => actions.paste(below)),
    one("move-up", "Move this cell up", ["Alt+ArrowUp"], () => selected && actions.step(selected, -1)),
    one("move-down", "Move this cell down", ["Alt+ArrowDown"], () => selected && actions.step(selected, 1)),
    one("timeline", "Timeline: earlier states of this notebook", [], timeline),
    one("as-text", "The whole notebook as text", [], text),
    one("lesson", "This notebook as a lesson", [], lesson),
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
