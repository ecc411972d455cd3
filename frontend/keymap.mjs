// Finds every command with a key in the sources, for the Settings screen (virtual:keymap) and for docs/keys.md (node keymap.mjs).
// A command is an object literal with id, title, group and keys; a title that depends on something shows its first words.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = import.meta.dirname;
const EVERYWHERE = new Set(["frame", "common", ""]);

/** All commands, in the order of files. */
export function scanKeys(root = ROOT) {
  const out = [];
  for (const path of readdirSync(join(root, "src"), { recursive: true }).sort()) {
    if (!/\.tsx?$/.test(path) || /\.(test|d|gen)\./.test(path)) continue;
    out.push(...scanText(readFileSync(join(root, "src", path), "utf8"), path));
  }
  const seen = new Set();
  return out.filter((c) => !seen.has(c.id) && seen.add(c.id));
}

/** The commands of one source file. */
export function scanText(text, path) {
  const folder = /^components\/([^/]+)\//.exec(path.replaceAll("\\", "/"))?.[1] ?? "";
  const screen = EVERYWHERE.has(folder) ? "" : folder;
  const constants = Object.fromEntries(
    [...text.matchAll(/\bconst (\w+) = "([^"]+)"/g)].map((m) => [m[1], m[2]]),
  );
  const out = [];
  for (const m of text.matchAll(/\bid: "([a-z0-9-]+)",/g)) {
    const rest = text.slice(m.index + m[0].length);
    const next = /\b(run|id)\b\s*[:,(]/.exec(rest);
    const body = rest.slice(0, next ? next.index : 600);
    const title = /\btitle:[^"]*"([^"]+)"/.exec(body)?.[1];
    const group = /\bgroup: (?:"([^"]+)"|(\w+))/.exec(body);
    const keys = /\bkeys: \[([^\]]*)\]?(?=[\s\S])/.exec(rest.slice(0, next ? next.index + 200 : 600))?.[1];
    const quoted = keysIn(rest.slice(0, next ? next.index : 600));
    const name = group?.[1] ?? constants[group?.[2] ?? ""];
    if (title && name && keys !== undefined && quoted.length > 0)
      out.push({ id: m[1], title, group: name, screen, keys: quoted });
  }
  for (const m of text.matchAll(
    /screen: "(\w+)",\s*name: "(\w+)",\s*icon: "\w+",\s*letter: "(\w)",\s*digit: (\d)/g,
  ))
    out.push({
      id: `go-${m[1]}`,
      title: `Go to ${m[2]}`,
      group: "Screens",
      screen: "",
      keys: [`g ${m[3]}`, `Mod+${m[4]}`],
    });
  return out;
}

/** The literals of the list of keys; a bracket inside of quotes ends nothing. */
function keysIn(body) {
  const at = body.indexOf("keys: [");
  if (at < 0) return [];
  const list = /^(?:\s*"(?:[^"\\]|\\.)*"\s*,?)*/.exec(body.slice(at + 7))?.[0] ?? "";
  return [...list.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((m) => JSON.parse(`"${m[1]}"`));
}

/** Gives the pages the list as a module. */
export function keymapPlugin() {
  const name = "virtual:keymap";
  return {
    name: "keymap",
    resolveId: (id) => (id === name ? "\0" + name : undefined),
    load: (id) => (id === "\0" + name ? `export default ${JSON.stringify(scanKeys())};` : undefined),
  };
}

/** The list as a page of the documentation. */
export function keysPage(commands) {
  const groups = new Map();
  for (const c of commands) {
    const place = c.screen ? c.screen[0].toUpperCase() + c.screen.slice(1) : "Everywhere";
    groups.set(place, [...(groups.get(place) ?? []), c]);
  }
  const label = (k) => "`" + k.replace("Mod", "Ctrl/Cmd") + "`";
  let out =
    "# Keys\n\nEvery command has a button or a line in the search (`Ctrl/Cmd+K`); none needs its key. All keys can be changed under Settings, Keys.\nThis page is made from the sources: `cd frontend && node keymap.mjs`.\n";
  for (const [place, list] of [...groups].sort((a, b) =>
    a[0] === "Everywhere" ? -1 : b[0] === "Everywhere" ? 1 : a[0] < b[0] ? -1 : 1,
  )) {
    out += `\n## ${place}\n\n| command | keys |\n|---|---|\n`;
    for (const c of list)
      out += `| ${c.title} | ${c.keys.map(label).join(" or ").replaceAll("|", "\\|")} |\n`;
  }
  return out;
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(join(ROOT, "..", "docs", "keys.md"), keysPage(scanKeys()));
}
