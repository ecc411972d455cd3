import { describe, expect, test } from "vitest";
import {
  compareRoute,
  episodeRoute,
  formatRoute,
  library,
  memoryRoute,
  notebookRoute,
  parseRoute,
  runRoute,
  settings,
  targets,
  type Route,
} from "./route";

const routes: [string, Route, string][] = [
  ["the Library", library, "/"],
  [
    "a filtered Library with an open card",
    {
      ...library,
      query: "maze cue",
      filters: { form: "latent", rung: "1" },
      sort: "minutes",
      paper: "memrl",
      view: "code",
    },
    "/?q=maze+cue&form=latent&rung=1&sort=minutes&paper=memrl&view=code",
  ],
  [
    "a notebook",
    notebookRoute("experiments/memory-rewriting.md"),
    "/notebook?path=experiments/memory-rewriting.md",
  ],
  [
    "a cell of a notebook at a budget",
    { screen: "notebook", path: "mine/a b.md", cell: "claim gate", budget: "fast", lesson: "" },
    "/notebook?path=mine/a+b.md&cell=claim+gate&budget=fast",
  ],
  [
    "a lesson",
    { ...notebookRoute("a.md"), lesson: "memory.lambda memory.k2" },
    "/notebook?path=a.md&lesson=memory.lambda+memory.k2",
  ],
  ["a step of an episode", runRoute("k1", 17, 0), "/run?key=k1&episode=17&step=0"],
  [
    "a step under the glass beside another episode",
    { ...episodeRoute("k1", 17, 7), other: "k2", otherEpisode: 22, event: "read" },
    "/episode?key=k1&episode=17&step=7&other=k2&other-episode=22&event=read",
  ],
  [
    "a moment of a bank compared with an earlier one",
    { ...memoryRoute("k1", "bank", 40), against: 10, view: "map", query: "used>0", entry: "41" },
    "/memory?key=k1&bank=bank&at=40&against=10&view=map&q=used%3E0&entry=41",
  ],
  [
    "arms side by side",
    { ...compareRoute(["k1", "k2"]), metric: "success", base: "k2", hidden: ["k1"], other: "k1", cell: "a" },
    "/compare?arm=k1&arm=k2&metric=success&base=k2&hide=k1&other=k1&cell=a",
  ],
  [
    "runs of a filter with marked arms",
    { ...compareRoute(["k1"]), query: "lambda>0.3", sort: "-success", from: 60, view: "list" },
    "/compare?q=lambda%3E0.3&sort=-success&from=60&arm=k1&view=list",
  ],
  ["a target", { ...targets, name: "lab" }, "/targets?name=lab"],
  ["a setting", { ...settings, query: "theme" }, "/settings?q=theme"],
];

describe("every place has an address, and the address leads back", () => {
  test.each(routes)("%s", (_, route, address) => {
    expect(formatRoute(route)).toBe(address);
    const url = new URL(address, "http://localhost");
    expect(parseRoute(url.pathname, url.search)).toEqual(route);
  });
});

test("what is unknown is the Library, what is no number is the newest", () => {
  expect(parseRoute("/nowhere", "?q=x")).toEqual({ ...library, query: "x" });
  expect(parseRoute("/run/", "?key=k&episode=-4&step=two")).toEqual(runRoute("k"));
});
