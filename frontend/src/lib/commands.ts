import { useEffect, useRef } from "react";
import { isTyping, match, pressName, type Command } from "./keys";
import { Store } from "./store";

/** How long the first key of a sequence waits for the second, in milliseconds. */
const SEQUENCE = 1200;

/** Every command that can be given now, and the keyboard that gives them. */
export class Commands {
  readonly all = new Store<readonly Command[]>([]);
  /** Keys that a person gave to commands, by their id; the others keep their own. */
  readonly changed = new Store<Readonly<Record<string, readonly string[]>>>({});
  private readonly layers = new Map<symbol, readonly Command[]>();
  private pending = "";
  private pressedAt = 0;

  /** Adds commands until the returned function is called. Later layers win over earlier ones. */
  add(id: symbol, commands: readonly Command[]): void {
    this.layers.set(id, commands);
    this.gather();
  }

  remove(id: symbol): void {
    this.layers.delete(id);
    this.gather();
  }

  /** Gives commands other keys; those that are not named keep their own. */
  bind(changed: Readonly<Record<string, readonly string[]>>): void {
    this.changed.set(changed);
    this.gather();
  }

  private gather(): void {
    const changed = this.changed.get();
    this.all.set([...this.layers.values()].flat().map((c) => withKeys(c, changed[c.id])));
  }

  /** Gives the command of a key press, if there is one. */
  readonly press = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing || document.querySelector("[data-modal]")) return;
    if (["Control", "Shift", "Alt", "Meta"].includes(event.key)) return;
    const pending = event.timeStamp - this.pressedAt < SEQUENCE ? this.pending : "";
    const found = match(this.all.get(), pressName(event), pending, isTyping(event.target));
    this.pending = found.kind === "wait" ? pressName(event) : "";
    this.pressedAt = event.timeStamp;
    if (found.kind !== "run" || isOwnKey(event)) return;
    event.preventDefault();
    found.command.run();
  };
}

function withKeys(command: Command, keys: readonly string[] | undefined): Command {
  return keys ? { ...command, keys: [...keys] } : command;
}

/** Enter and Space on a control belong to the control. */
function isOwnKey(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return false;
  if (event.key !== "Enter" && event.key !== " ") return false;
  return (
    event.target instanceof Element &&
    event.target.closest("button, a, summary, input, [role=button]") !== null
  );
}

/** Offers commands while the component is on the page. */
export function useCommands(commands: Commands, list: readonly Command[]): void {
  const id = useRef(Symbol("commands"));
  const latest = useRef(list);
  latest.current = list;
  const shape = list.map((c) => `${c.id}\n${c.title}`).join("\n");
  useEffect(() => {
    const me = id.current;
    const stable = latest.current.map((c, i) => ({ ...c, run: () => latest.current[i]?.run() }));
    commands.add(me, stable);
    return () => commands.remove(me);
  }, [commands, shape]);
}
