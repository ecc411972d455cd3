import { describe, expect, test } from "vitest";
import { keysPage, scanKeys, scanText } from "../../keymap.mjs";
import { Commands } from "./commands";
import { conflicts, findCommands, keysOf, knownCommands, type KnownCommand } from "./keymap";
import { readBindings } from "./preferences";

const one = (id: string, keys: string[], screen = ""): KnownCommand => ({
  id,
  title: id,
  group: "g",
  screen,
  keys,
});

describe("the commands of the sources", () => {
  test("those of every screen that has keys are found, once each", () => {
    const all = scanKeys();
    const ids = all.map((c) => c.id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of [
      "palette",
      "keys",
      "copy-address",
      "go-library",
      "go-settings",
      "target-new",
      "settings-search",
    ])
      expect(ids).toContain(id);
    expect(all.find((c) => c.id === "target-new")).toMatchObject({ screen: "targets", keys: ["n"] });
    expect(all.find((c) => c.id === "go-memory")?.keys).toEqual(["g m", "Mod+5"]);
  });

  test("a bracket as a key, a constant group and a title that depends on something are read", () => {
    const text = `const GROUP = "Steps";
      const list = [{ id: "next-event", title: on ? "Next event" : "Next", group: GROUP, keys: ["]", "n"], run: go }];`;
    expect(scanText(text, "components/episode/a.tsx")).toEqual([
      { id: "next-event", title: "Next event", group: "Steps", screen: "episode", keys: ["]", "n"] },
    ]);
  });

  test("an object that is no command is passed over", () => {
    expect(scanText(`const a = { id: "x", title: "t" };`, "lib/a.ts")).toEqual([]);
  });

  test("the page of the documentation names each", () => {
    const page = keysPage([{ ...one("a", ["Mod+K", "|"]), title: "Search", keys: ["Mod+K", "|"] }]);
    expect(page).toContain("| Search | `Ctrl/Cmd+K` or `\\|` |");
  });
});

describe("changed keys", () => {
  const all = [
    one("a", ["x"]),
    one("b", ["x"], "run"),
    one("c", ["x"], "memory"),
    one("d", ["g x"]),
    one("e", ["g"]),
  ];

  test("equal keys clash in one place and not on two different screens", () => {
    const names = (id: string, changed = {}) => {
      const of = all.find((c) => c.id === id) ?? one("", []);
      return conflicts(of, keysOf(of, changed), all, changed).map((c) => c.command.id);
    };
    expect(names("a")).toEqual(["b", "c"]);
    expect(names("b")).toEqual(["a"]);
    expect(names("d")).toEqual(["e"]);
    expect(names("a", { a: ["y"] })).toEqual([]);
    expect(names("d", { a: ["g"] })).toEqual(["a", "e"]);
  });

  test("take the place of a command's own, and go again", () => {
    const commands = new Commands();
    const id = Symbol("test");
    commands.add(id, [{ id: "a", title: "A", group: "g", keys: ["x"], run: () => undefined }]);
    commands.bind({ a: ["y"], other: ["z"] });
    expect(commands.all.get()[0]?.keys).toEqual(["y"]);
    commands.bind({});
    expect(commands.all.get()[0]?.keys).toEqual(["x"]);
  });

  test("what is no list of keys is left out", () => {
    expect(readBindings({ a: ["x", 3], b: "y", c: [] })).toEqual({ a: ["x"], c: [] });
    expect(readBindings(null)).toEqual({});
  });

  test("commands are found by their words", () => {
    expect(findCommands("copy address", knownCommands([])).map((c) => c.id)).toEqual(["copy-address"]);
  });
});
