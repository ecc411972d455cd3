import { describe, expect, test } from "vitest";
import { formatRoute, library, notebookRoute, parseRoute, runRoute, type Route } from "./route";

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
    },
    "/?q=maze+cue&form=latent&rung=1&sort=minutes&paper=memrl",
  ],
  [
    "a notebook",
    notebookRoute("experiments/memory-rewriting.md"),
    "/notebook?path=experiments/memory-rewriting.md",
  ],
  [
    "a cell of a notebook at a budget",
    { screen: "notebook", path: "mine/a b.md", cell: "claim gate", budget: "fast" },
    "/notebook?path=mine/a+b.md&cell=claim+gate&budget=fast",
  ],
  ["a step of an episode", runRoute("k1", 17, 0), "/run?key=k1&episode=17&step=0"],
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
