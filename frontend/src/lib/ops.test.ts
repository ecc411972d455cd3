import { expect, test } from "vitest";
import type { Cell, Notebook } from "./api.gen";
import { made, Successors, toOperation } from "./ops";

const notebook = { revision: 7, cells: [{ id: "memory", hash: "aa" }] as Cell[] } as Notebook;

test("an edit carries the text that its author saw, the revision and the page", () => {
  const edit = made({ type: "set-field", cell: "memory", field: "k", value: 3 }, notebook);
  expect(toOperation(edit, notebook, "p1")).toMatchObject({ hash: "aa", revision: 7, page: "p1" });
});

test("an editor names the text that it was opened with", () => {
  const edit = made({ type: "set-source", cell: "memory", source: "x", hash: "old" }, notebook);
  expect(toOperation(edit, notebook, "p1").hash).toBe("old");
});

test("the whole file is made for a revision, not for a cell", () => {
  const op = toOperation(made({ type: "set-source", cell: "", source: "x" }, notebook), notebook, "p1");
  expect(op.hash).toBeUndefined();
  expect(op.revision).toBe(7);
});

test("the page's own edits follow each other, those of others do not", () => {
  const s = new Successors();
  s.note("a", "b");
  s.note("b", "c");
  expect(s.of("a")).toBe("c");
  expect(s.of("x")).toBe("x");
});

test("a text that comes back leads nowhere: it is the present one", () => {
  const s = new Successors();
  s.note("a", "b");
  s.note("b", "a");
  expect(s.of("a")).toBe("a");
  expect(s.of("b")).toBe("a");
});
