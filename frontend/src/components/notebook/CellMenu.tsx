import { Menu } from "@base-ui/react/menu";
import type { Cell } from "../../lib/api.gen";
import { NEW_SECTION } from "../../lib/ops";
import { Icon } from "../common/Icon";
import type { CellActions } from "./actions";

interface Props {
  cell: Cell;
  actions: CellActions;
  onEdit: () => void;
}

/** What may be done with a cell as a whole; each line has its key too. */
export function CellMenu({ cell, actions, onEdit }: Props) {
  return (
    <Menu.Root>
      <Menu.Trigger className="button button-quiet button-bare" aria-label="More for this cell">
        <Icon name="more" size={16} />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner align="end" sideOffset={4}>
          <Menu.Popup className="menu">
            <Menu.Item className="menu-item" onClick={onEdit}>
              Edit as text
            </Menu.Item>
            <Menu.Item
              className="menu-item"
              onClick={() =>
                actions.send({ type: "insert-cell", after: cell.id, kind: "prose", source: NEW_SECTION })
              }
            >
              Text below <kbd>b</kbd>
            </Menu.Item>
            <Menu.Item
              className="menu-item"
              onClick={() => actions.send({ type: "delete-cell", cell: cell.id })}
            >
              Delete <kbd>x</kbd>
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
