import { useEffect, useId, useState } from "react";
import type { SettingState } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { mayNotify } from "../../lib/notify";
import { failure, type Failure } from "../../lib/transport";
import { Button } from "../common/Button";

/** One setting: its control, what it does, its default, and the reason where a value was refused. */
export function SettingField({ setting }: { setting: SettingState }) {
  const app = useApp();
  const id = useId();
  const [refused, setRefused] = useState<Failure>();
  const put = (value: unknown) =>
    void app.preferences.set(setting.name, value).then(
      () => setRefused(undefined),
      (error: unknown) => setRefused(failure(error)),
    );
  const changed = setting.changed_ms > 0;
  return (
    <div className={`setting${changed ? " setting-changed" : ""}`}>
      <label htmlFor={id} className="setting-title">
        {setting.title}
      </label>
      <div className="setting-control">
        <Control id={id} setting={setting} invalid={refused !== undefined} onPut={put} />
        {setting.unit && <span className="fine">{setting.unit}</span>}
        <Button
          look="quiet"
          disabled={!changed}
          label={`Reset ${setting.title} to ${setting.usual}`}
          onClick={() => {
            setRefused(undefined);
            void app.preferences.reset(setting.name);
          }}
        >
          Reset
        </Button>
      </div>
      <div className="setting-text" id={`${id}-doc`}>
        {refused && (
          <p className="setting-refused" role="alert">
            <span aria-hidden="true">! </span>
            {refused.message}; {refused.hint}
          </p>
        )}
        <p>{setting.doc}</p>
        <p className="fine">
          default: {setting.usual} · a new value counts {setting.counts}
        </p>
      </div>
    </div>
  );
}

interface ControlProps {
  id: string;
  setting: SettingState;
  invalid: boolean;
  onPut: (value: unknown) => void;
}

function Control({ id, setting, invalid, onPut }: ControlProps) {
  const app = useApp();
  switch (setting.kind) {
    case "choice":
      return (
        <select
          id={id}
          aria-describedby={`${id}-doc`}
          value={String(setting.value)}
          onChange={(e) => onPut(e.target.value)}
        >
          {(setting.legal ?? []).map((o) => (
            <option key={o.value} value={o.value}>
              {o.label}
            </option>
          ))}
        </select>
      );
    case "switch":
      return (
        <input
          id={id}
          type="checkbox"
          aria-describedby={`${id}-doc`}
          checked={setting.value === true}
          onChange={(e) => {
            const on = e.target.checked;
            if (!on || setting.name !== "privacy.notices") return onPut(on);
            void mayNotify().then((may) => {
              if (may) onPut(true);
              else
                app.notice(
                  "the browser does not allow notices of this page; allow them in its site settings",
                );
            });
          }}
        />
      );
    case "whole":
    case "number":
      return <NumberControl id={id} setting={setting} invalid={invalid} onPut={onPut} />;
    default:
      return null;
  }
}

/** A number is sent when it is left or confirmed, so that half a number is never refused. */
function NumberControl({ id, setting, invalid, onPut }: ControlProps) {
  const kept = String(setting.value);
  const [text, setText] = useState(kept);
  useEffect(() => setText(kept), [kept, setting.changed_ms]);
  const send = () => {
    if (text.trim() === kept) return;
    const value = Number(text);
    onPut(text.trim() === "" || Number.isNaN(value) ? text : value);
  };
  return (
    <input
      id={id}
      type="text"
      inputMode="decimal"
      className="setting-number"
      aria-invalid={invalid}
      aria-describedby={`${id}-doc`}
      value={text}
      onChange={(e) => setText(e.target.value)}
      onBlur={send}
      onKeyDown={(e) => {
        if (e.key === "Enter") send();
        if (e.key === "Escape") setText(kept);
      }}
    />
  );
}
