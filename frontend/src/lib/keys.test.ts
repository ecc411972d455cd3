import { describe, expect, test } from "vitest";
import { keyLabel, match, pressName, type Command } from "./keys";

const press = (key: string, more: Partial<Parameters<typeof pressName>[0]> = {}) =>
  pressName({ key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...more });

describe("names of presses", () => {
  test.each([
    ["a letter is itself", press("j"), "j"],
    ["a shifted sign needs no Shift", press("?", { shiftKey: true }), "?"],
    ["Ctrl and Cmd are one", press("k", { metaKey: true }), "Mod+K"],
    ["Shift counts with a named key", press("Enter", { shiftKey: true }), "Shift+Enter"],
    ["Shift counts with Ctrl and a letter", press("Z", { ctrlKey: true, shiftKey: true }), "Mod+Shift+Z"],
    ["the space bar has a name", press(" "), "Space"],
  ])("%s", (_, got, want) => expect(got).toBe(want));
});

const command = (id: string, keys: string[], typing = false): Command => ({
  id,
  title: id,
  group: "",
  keys,
  typing,
  run: () => undefined,
});
const commands = [
  command("next", ["j"]),
  command("library", ["g l"], true),
  command("run", ["Shift+Enter"], true),
  command("inner", ["j"]),
];
const found = (...args: Parameters<typeof match>) => {
  const m = match(...args);
  return m.kind === "run" ? m.command.id : m.kind;
};

describe("finding a command", () => {
  test.each([
    ["the later of two wins", found(commands, "j", "", false), "inner"],
    ["the first key of a sequence waits", found(commands, "g", "", false), "wait"],
    ["the second key ends it", found(commands, "l", "g", false), "library"],
    ["another second key is nothing", found(commands, "x", "g", false), "none"],
    ["single letters belong to the text while typing", found(commands, "j", "", true), "none"],
    ["commands for typing work while typing", found(commands, "Shift+Enter", "", true), "run"],
  ])("%s", (_, got, want) => expect(got).toBe(want));
});

test("labels speak of the system's keys", () => {
  expect(keyLabel("Mod+Shift+Z", false)).toBe("Ctrl+Shift+Z");
  expect(keyLabel("Mod+K", true)).toBe("⌘+K");
  expect(keyLabel("g l", false)).toBe("g then l");
});

test("letters typed into a field are text, also those that would begin a sequence", () => {
  const go: Command = {
    id: "go",
    title: "",
    group: "",
    keys: ["Mod+4", "g e"],
    typing: true,
    run: () => undefined,
  };
  expect(match([go], "g", "", true).kind).toBe("none");
  expect(match([go], "e", "g", true).kind).toBe("none");
  expect(match([go], "Mod+4", "", true).kind).toBe("run");
  expect(match([go], "e", "g", false).kind).toBe("run");
});
