import { expect, test } from "vitest";
import type { Cell, Notebook } from "./api.gen";
import { findCells, foundLine, moveTarget } from "./find";
import { sameCells } from "./same-cells";
import { addable, newCell } from "./templates";

const cell = (part: Partial<Cell>) =>
  ({ id: "", kind: "prose", name: "", source: "", hash: "", ...part }) as Cell;
const book = (cells: Cell[]) => ({ cells, metrics: [{ name: "success" }] }) as unknown as Notebook;

test("search finds cells by every word, and shows the line", () => {
  const cells = [
    cell({ id: "a", source: "# One\nvalue of an entry" }),
    cell({ id: "b", kind: "claim", source: "value: last(success, x)" }),
  ];
  expect(findCells(cells, "VALUE claim").map((c) => c.id)).toEqual(["b"]);
  expect(findCells(cells, " ")).toHaveLength(2);
  expect(foundLine(cells[0] ?? cell({}), "entry")).toBe("value of an entry");
});

test("a moved cell is named by the one that it will follow", () => {
  const ids = ["a", "b", "c"];
  expect(moveTarget(ids, "b", -1)).toBe("");
  expect(moveTarget(ids, "c", -1)).toBe("a");
  expect(moveTarget(ids, "b", 1)).toBe("c");
  expect(moveTarget(ids, "a", -1)).toBeUndefined();
  expect(moveTarget(ids, "c", 1)).toBeUndefined();
});

test("a new claim compares the notebook's own arms under a free name", () => {
  const notebook = book([
    cell({ kind: "arms", value: { lstm: {}, gru: {} } }),
    cell({ kind: "claim", name: "claim" }),
    cell({ kind: "run" }),
  ]);
  expect(newCell("claim", notebook, "2026-01-02")).toBe(
    'name: claim-2\nvalue: last(success, lstm) - last(success, gru)\nholds: ">= 0"\n',
  );
  expect(addable(notebook)).not.toContain("run");
  expect(addable(notebook)).toContain("cases");
});

test("a new sweep tries a number of what learns, so that it can run at once", () => {
  const rate = { field: { path: "rate", type: "float", main: true, min: 0, max: 1 }, value: 0.001 };
  const steps = { field: { path: "steps", type: "int", main: true, min: 1, max: null }, value: 9000 };
  const notebook = book([cell({ kind: "rl", kinds: ["ppo"], fields: [steps, rate] as Cell["fields"] })]);
  expect(newCell("sweep", notebook, "")).toBe("name: sweep\nover: {rl.rate: [0.001, 0.002]}\n");
  expect(newCell("sweep", book([]), "")).toBe("name: sweep\nover: {}\n");
});

test("cells that have not changed stay the same objects", () => {
  const before = book([cell({ id: "a", hash: "1" }), cell({ id: "b", hash: "2" })]);
  const after = sameCells(before, book([cell({ id: "a", hash: "1" }), cell({ id: "b", hash: "3" })]));
  expect(after.cells?.[0]).toBe(before.cells?.[0]);
  expect(after.cells?.[1]).not.toBe(before.cells?.[1]);
});
