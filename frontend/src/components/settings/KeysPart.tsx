import { useState } from "react";
import { useApp } from "../../lib/app";
import { plural } from "../../lib/format";
import { conflicts, findCommands, keysOf, knownCommands, type KnownCommand } from "../../lib/keymap";
import { keyLabel } from "../../lib/keys";
import { isMac } from "../../lib/platform";
import { useStore } from "../../lib/store";
import { failure } from "../../lib/transport";
import { Button } from "../common/Button";
import { KeyCapture } from "./KeyCapture";

/** Every command with its keys; each can be changed and reset alone, and keys that two commands share are named. */
export function KeysPart({ query }: { query: string }) {
  const app = useApp();
  const offered = useStore(app.commands.all);
  useStore(app.preferences.page);
  const [open, setOpen] = useState("");
  const changed = app.preferences.bindings();
  const all = knownCommands(offered);
  const found = findCommands(query, all);
  const save = (next: Record<string, string[]>) =>
    void app.preferences.set("keys.bindings", next).catch((error: unknown) => {
      const { message, hint } = failure(error);
      app.notice(`${message}; ${hint}`);
    });
  const put = (command: KnownCommand, keys: string[] | undefined) => {
    const next = { ...changed };
    if (keys === undefined || same(keys, command.keys)) delete next[command.id];
    else next[command.id] = keys;
    save(next);
  };
  return (
    <details className="keys-part" open={query !== "" || undefined}>
      <summary>
        {plural(found.length, "command")}
        {Object.keys(changed).length > 0 && `, ${Object.keys(changed).length} with changed keys`}
      </summary>
      <ul className="keys-list">
        {found.map((command) => {
          const keys = keysOf(command, changed);
          const clashes = conflicts(command, keys, all, changed);
          return (
            <li key={command.id} className={changed[command.id] ? "setting-changed" : undefined}>
              <span className="keys-title">
                {command.title}
                <span className="fine"> {command.screen || "everywhere"}</span>
              </span>
              <span className="keys-keys">
                {keys.length === 0 && <span className="fine">no key</span>}
                {keys.map((k) => (
                  <kbd key={k}>{keyLabel(k, isMac)}</kbd>
                ))}
              </span>
              <span className="keys-buttons">
                <Button
                  look="quiet"
                  label={`Change the key of ${command.title}`}
                  onClick={() => setOpen(command.id)}
                >
                  Change
                </Button>
                <Button
                  look="quiet"
                  disabled={!changed[command.id]}
                  label={`Reset the key of ${command.title}`}
                  onClick={() => put(command, undefined)}
                >
                  Reset
                </Button>
              </span>
              {clashes.length > 0 && (
                <span className="keys-clash">
                  !{" "}
                  {clashes.map((c) => `${keyLabel(c.key, isMac)} also means “${c.command.title}”`).join("; ")}
                </span>
              )}
              {open === command.id && (
                <KeyCapture
                  title={command.title}
                  onCancel={() => setOpen("")}
                  onKeys={(keys) => {
                    setOpen("");
                    put(command, keys);
                  }}
                />
              )}
            </li>
          );
        })}
      </ul>
    </details>
  );
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((k, i) => k === b[i]);
}
