/** The parts of a keyboard event that choose a command. */
export interface Press {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}

/** Something a person can do, with the keys that do it. */
export interface Command {
  id: string;
  title: string;
  /** Bindings: "j", "Shift+Enter", "Mod+K" (Ctrl or Cmd), "g l" (one after the other). */
  keys: string[];
  group: string;
  /** Also while typing in a field. */
  typing?: boolean;
  /** Left out of the palette: it makes sense only as a key. */
  keyOnly?: boolean;
  run: () => void;
}

/** The name of a press: modifiers in a fixed order, then the key. Shift shows only with keys that it does not change. */
export function pressName(p: Press): string {
  const named = p.key.length > 1;
  const letter = /^[a-zA-Z]$/.test(p.key);
  const mod = p.ctrlKey || p.metaKey;
  const parts: string[] = [];
  if (mod) parts.push("Mod");
  if (p.altKey) parts.push("Alt");
  if (p.shiftKey && (named || (letter && mod))) parts.push("Shift");
  if (p.key === " ") parts.push("Space");
  else parts.push(letter && mod ? p.key.toUpperCase() : p.key);
  return parts.join("+");
}

export type Match = { kind: "run"; command: Command } | { kind: "wait" } | { kind: "none" };

/** Finds the command of a press. "pending" is what was pressed before of a sequence; later commands win over earlier ones. */
export function match(commands: readonly Command[], press: string, pending: string, typing: boolean): Match {
  const now = pending ? `${pending} ${press}` : press;
  const open = commands.filter((c) => !typing || c.typing === true);
  // In a field a bare letter is text, also where it begins a sequence.
  const means = (key: string) => !typing || !/^\S(\s|$)/.test(key);
  for (let i = open.length - 1; i >= 0; i--) {
    const command = open[i];
    if (command?.keys.some((k) => k === now && means(k))) return { kind: "run", command };
  }
  const starts = open.some((c) => c.keys.some((k) => k.startsWith(now + " ") && means(k)));
  return starts ? { kind: "wait" } : { kind: "none" };
}

/** A binding as a person reads it on this system. */
export function keyLabel(binding: string, mac: boolean): string {
  const names: Record<string, string> = {
    Mod: mac ? "⌘" : "Ctrl",
    Escape: "Esc",
    ArrowLeft: "←",
    ArrowRight: "→",
    ArrowUp: "↑",
    ArrowDown: "↓",
  };
  return binding
    .split(" ")
    .map((one) =>
      one
        .split(/\+(?=.)/)
        .map((part) => names[part] ?? part)
        .join("+"),
    )
    .join(" then ");
}

/** Whether an element takes text, so that single letters belong to it. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.closest(".cm-editor") !== null) return true;
  if (target instanceof HTMLInputElement)
    return !["checkbox", "radio", "range", "button"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}
