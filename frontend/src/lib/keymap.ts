import keymap from "virtual:keymap";
import { words } from "./filter-words";
import type { Command } from "./keys";

/** A command with the keys that it has at first, and the screen where it counts ("" for everywhere). */
export interface KnownCommand {
  id: string;
  title: string;
  group: string;
  screen: string;
  keys: readonly string[];
}

/** Every command of the program, as the build found them, and those that are offered now and were not found. */
export function knownCommands(offered: readonly Command[]): KnownCommand[] {
  const out = new Map<string, KnownCommand>();
  for (const c of keymap) if (!out.has(c.id)) out.set(c.id, c);
  for (const c of offered) {
    if (!out.has(c.id) && c.keys.length > 0)
      out.set(c.id, { id: c.id, title: c.title, group: c.group, screen: "", keys: c.keys });
  }
  return [...out.values()];
}

/** Commands that hold every word of a query. */
export function findCommands(query: string, all: readonly KnownCommand[]): KnownCommand[] {
  return all.filter((c) =>
    words(query, `keys shortcuts commands keyboard ${c.title} ${c.group} ${c.screen}`),
  );
}

/** The keys of a command: those that a person gave it, else its own. */
export function keysOf(command: KnownCommand, changed: Readonly<Record<string, readonly string[]>>) {
  return changed[command.id] ?? command.keys;
}

/** Commands that would answer to the same keys at the same place: one is the other's beginning, or they are equal. */
export function conflicts(
  of: KnownCommand,
  keys: readonly string[],
  all: readonly KnownCommand[],
  changed: Readonly<Record<string, readonly string[]>>,
): { key: string; command: KnownCommand }[] {
  const out: { key: string; command: KnownCommand }[] = [];
  for (const other of all) {
    if (other.id === of.id) continue;
    if (other.screen !== "" && of.screen !== "" && other.screen !== of.screen) continue;
    for (const key of keys) {
      if (keysOf(other, changed).some((k) => clash(k, key))) out.push({ key, command: other });
    }
  }
  return out;
}

function clash(a: string, b: string): boolean {
  return a === b || a.startsWith(b + " ") || b.startsWith(a + " ");
}
