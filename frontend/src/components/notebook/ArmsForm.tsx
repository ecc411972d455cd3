import { useId, useState } from "react";
import type { Cell, Json, Notebook } from "../../lib/api.gen";
import type { Setting } from "../../lib/arms";
import { paths } from "../../lib/complete";
import { typedValue } from "../../lib/typed";
import { Button } from "../common/Button";
import type { CellActions } from "./actions";

interface Props {
  cell: Cell;
  rows: readonly Setting[];
  notebook: Notebook;
  actions: CellActions;
}

/** Arms or cases as a form: settings are changed, added and taken away one by one. The server refuses what no run could read. */
export function ArmsForm({ cell, rows, notebook, actions }: Props) {
  const list = useId();
  const set = (field: string, value: Json) =>
    actions.send({ type: "set-field", cell: cell.id, field, value });
  const [name, setName] = useState("");
  const noun = cell.kind === "arms" ? "arm" : "condition";
  const add = () => {
    const group = rows.at(-1)?.group;
    if (name.trim()) set(group ? `${group}/${name.trim()}` : name.trim(), {});
    setName("");
  };
  return (
    <div className="arms-form">
      <datalist id={list}>
        {paths(notebook).map((p) => (
          <option key={p.label} value={p.label} label={p.info} />
        ))}
      </datalist>
      {rows.map((row) => {
        const at = row.group ? `${row.group}/${row.name}` : row.name;
        return (
          <fieldset key={at}>
            <legend>
              {row.group && <span className="fine">{row.group} </span>}
              {row.name}
            </legend>
            {row.settings.map(([path, value]) => (
              <SettingRow key={path} path={path} value={value} onSet={(v) => set(`${at}/${path}`, v)} />
            ))}
            <NewSetting
              list={list}
              label={`knob to set in ${row.name}`}
              onAdd={(path, v) => set(`${at}/${path}`, v)}
            />
            <Button look="quiet" icon="close" onClick={() => set(at, null)}>
              Remove {row.name}
            </Button>
          </fieldset>
        );
      })}
      <p className="arms-new">
        <input
          type="text"
          value={name}
          aria-label={`name of a new ${noun}`}
          placeholder={`name of a new ${noun}`}
          onChange={(e) => setName(e.target.value)}
          onKeyDown={(e) => e.key === "Enter" && add()}
        />
        <Button onClick={add} disabled={name.trim() === ""}>
          Add {noun}
        </Button>
      </p>
    </div>
  );
}

function SettingRow({ path, value, onSet }: { path: string; value: string; onSet: (value: Json) => void }) {
  const [text, setText] = useState(value);
  const leave = () => text !== value && text.trim() !== "" && onSet(typedValue(text));
  return (
    <p className="arm-setting">
      <code>{path}</code>
      <input
        type="text"
        value={text}
        aria-label={path}
        onChange={(e) => setText(e.target.value)}
        onBlur={leave}
        onKeyDown={(e) => e.key === "Enter" && leave()}
      />
      <Button look="quiet" icon="close" label={`take ${path} away`} onClick={() => onSet(null)} />
    </p>
  );
}

interface NewProps {
  list: string;
  label: string;
  onAdd: (path: string, value: Json) => void;
}

function NewSetting({ list, label, onAdd }: NewProps) {
  const [path, setPath] = useState("");
  const [value, setValue] = useState("");
  const add = () => {
    if (path.trim() === "" || value.trim() === "") return;
    onAdd(path.trim(), typedValue(value));
    setPath("");
    setValue("");
  };
  return (
    <p className="arm-setting">
      <input
        type="text"
        list={list}
        value={path}
        aria-label={label}
        placeholder="memory.lambda"
        onChange={(e) => setPath(e.target.value)}
      />
      <input
        type="text"
        value={value}
        aria-label="its value"
        placeholder="value"
        onChange={(e) => setValue(e.target.value)}
        onKeyDown={(e) => e.key === "Enter" && add()}
      />
      <Button look="quiet" onClick={add} disabled={path.trim() === "" || value.trim() === ""}>
        Set
      </Button>
    </p>
  );
}
