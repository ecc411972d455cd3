import { Menu } from "@base-ui/react/menu";
import type { Cell, Notebook } from "../../lib/api.gen";
import { addable, ADD_NAMES } from "../../lib/templates";
import { Icon } from "../common/Icon";
import type { CellActions } from "./actions";

interface Props {
  cell: Cell;
  notebook: Notebook;
  actions: CellActions;
  onEdit: () => void;
}

/** What may be done with a cell as a whole; most lines have a key too. */
export function CellMenu({ cell, notebook, actions, onEdit }: Props) {
  const line = (text: string, key: string, run: () => void) => (
    <Menu.Item className="menu-item" onClick={run}>
      {text} {key && <kbd>{key}</kbd>}
    </Menu.Item>
  );
  return (
    <Menu.Root>
      <Menu.Trigger className="button button-quiet button-bare" aria-label="More for this cell">
        <Icon name="more" size={16} />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner align="end" sideOffset={4}>
          <Menu.Popup className="menu menu-cell">
            {line("Edit as text", "Enter", onEdit)}
            {line("Move up", "Alt+↑", () => actions.step(cell.id, -1))}
            {line("Move down", "Alt+↓", () => actions.step(cell.id, 1))}
            {line("Cut", "x", () => actions.cut(cell.id))}
            <Menu.Separator className="menu-line" />
            <Menu.Group>
              <Menu.GroupLabel className="menu-label">Add below</Menu.GroupLabel>
              {addable(notebook).map((kind) => (
                <Menu.Item key={kind} className="menu-item" onClick={() => actions.add(kind, cell.id)}>
                  {ADD_NAMES[kind]} {kind === "prose" && <kbd>b</kbd>}
                </Menu.Item>
              ))}
            </Menu.Group>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
