import { Menu } from "@base-ui/react/menu";
import type { Form } from "../../lib/chart-export";
import { Icon } from "./Icon";

interface Props {
  title: string;
  open: boolean;
  /** Whether the view shows a part of the axis only. */
  part: boolean;
  onOpen: (open: boolean) => void;
  onSave: (form: Form, visible: boolean) => void;
}

const WORDS: Record<Form, string> = {
  csv: "values as CSV",
  jsonl: "values as JSON lines",
  svg: "picture as SVG, values inside",
};

/** What of a chart can be saved: raw values at full precision of the visible range or of everything, and the picture. */
export function ExportMenu({ title, open, part, onOpen, onSave }: Props) {
  const item = (form: Form, visible: boolean) => (
    <Menu.Item key={`${form} ${visible}`} className="menu-item" onClick={() => onSave(form, visible)}>
      {visible ? "Visible range: " : part ? "Everything: " : ""}
      {WORDS[form]}
    </Menu.Item>
  );
  return (
    <Menu.Root open={open} onOpenChange={onOpen}>
      <Menu.Trigger className="button button-quiet" aria-label={`export ${title}`} title="e">
        <Icon name="save" size={16} />
        Export
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner side="bottom" align="end" sideOffset={4}>
          <Menu.Popup className="menu">
            {part && (["csv", "jsonl", "svg"] as const).map((form) => item(form, true))}
            {(["csv", "jsonl", "svg"] as const).map((form) => item(form, false))}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
