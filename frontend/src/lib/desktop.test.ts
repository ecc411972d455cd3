// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test } from "vitest";
import { App } from "./app";
import { followWindow } from "./desktop";
import { FakeTransport } from "./fake-transport";

let app: App;
let leave: () => void;

beforeEach(() => {
  app = new App(new FakeTransport({}));
  leave = followWindow(app);
});
afterEach(() => leave());

const send = (event: string, detail: string) => dispatchEvent(new CustomEvent(event, { detail }));

test("the window leads the pages to a place", () => {
  send("loci:go", "/notebook?path=a.md&cell=run");
  expect(app.navigation.route.get()).toMatchObject({ screen: "notebook", path: "a.md", cell: "run" });
});

test("the menu gives a command of the open screen, the last one of that name", () => {
  const given: string[] = [];
  const command = (id: string, word: string) => ({
    id,
    title: id,
    keys: [],
    group: "g",
    run: () => void given.push(word),
  });
  app.commands.add(Symbol("a"), [command("share", "frame")]);
  app.commands.add(Symbol("b"), [command("share", "screen")]);
  send("loci:command", "share");
  send("loci:command", "nothing");
  expect(given).toEqual(["screen"]);
  expect(app.notices.get()).toHaveLength(1);
});
