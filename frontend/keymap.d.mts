import type { Plugin } from "vite";

export interface FoundCommand {
  id: string;
  title: string;
  group: string;
  screen: string;
  keys: string[];
}
export function scanKeys(root?: string): FoundCommand[];
export function scanText(text: string, path: string): FoundCommand[];
export function keysPage(commands: readonly FoundCommand[]): string;
export function keymapPlugin(): Plugin;
