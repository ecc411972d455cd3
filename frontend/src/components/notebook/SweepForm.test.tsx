import { act } from "react";
import { expect, test, vi } from "vitest";
import type { Cell, FieldValue, Json, Notebook } from "../../lib/api.gen";
import { fakeCell, fakeField, fakeNotebook, stage, typeInto } from "./fake-notebook";
import { SweepForm } from "./SweepForm";
import type { Edit } from "../../lib/ops";
import type { Failure } from "../../lib/transport";

const { host, root } = stage();

const HEAD = [
  fakeField({ path: "name", type: "string", default: "" }, "s", true),
  fakeField({ path: "kind", type: "string", default: "grid", enum: ["grid", "random", "halving"] }),
  fakeField({ path: "arms", type: "strings", default: [] }),
  fakeField({ path: "seeds", type: "string", default: "" }),
  fakeField({ path: "metric", type: "string", default: "" }),
  fakeField({ path: "samples", type: "int", default: 0, min: 0, max: 1000 }),
  fakeField({ path: "eta", type: "int", default: 3, min: 2, max: 10 }),
  fakeField({ path: "resource", type: "string", default: "" }),
  fakeField({ path: "first", type: "float", default: 0, min: 0 }),
  fakeField({ path: "last", type: "float", default: 0, min: 0 }),
];

const sweepCell = (value: Json): Cell =>
  fakeCell({ id: "sweep-s", kind: "sweep", name: "s", value, fields: HEAD, hash: JSON.stringify(value) });

const bookOf = (cell: Cell): Notebook =>
  fakeNotebook(
    [
      fakeCell({
        id: "agent",
        kind: "agent",
        choice: "lstm",
        kinds: ["lstm", "gru"],
        fields: [fakeField({ path: "width", type: "int", default: 32, min: 1, max: 512 })],
      }),
      fakeCell({
        id: "rl",
        kind: "rl",
        choice: "ppo",
        kinds: ["ppo"],
        fields: [
          fakeField({ path: "steps", type: "int", default: 9000, min: 1 }),
          fakeField({ path: "rate", default: 0.001, min: 0, max: 1, doc: "learning rate" }),
        ],
      }),
      fakeCell({ id: "arms", kind: "arms", value: { lstm: {}, gru: {} } }),
      cell,
    ],
    {
      metrics: [
        { name: "success", unit: "", x_unit: "", better: "higher", doc: "" },
        { name: "size", unit: "", x_unit: "", better: "", doc: "" },
      ],
    },
  );

/** Shows the form of a cell, and notes the edits that it sends. */
async function show(value: Json, answer?: Failure) {
  const cell = sweepCell(value);
  const sent: FieldValue[][] = [];
  const send = vi.fn(async (edit: Edit) => {
    if (edit.type !== "set-fields") throw new Error(`sent ${edit.type}`);
    sent.push(edit.fields);
    return answer;
  });
  const none = () => undefined;
  const actions = { send, cut: none, move: none, step: none, add: none };
  await act(async () => root().render(<SweepForm cell={cell} notebook={bookOf(cell)} actions={actions} />));
  return sent;
}

const field = (path: string) => host().querySelector<HTMLElement>(`[data-field="${path}"]`);
const input = (path: string) => field(path)?.querySelector<HTMLInputElement>("input") ?? null;
const axis = (path: string) => host().querySelector<HTMLElement>(`[data-axis="${path}"]`);
/** The input of a part of a knob, by its label. */
function part(path: string, label: string): HTMLInputElement | null {
  const found = [...(axis(path)?.querySelectorAll("label") ?? [])].find(
    (l) => l.textContent === `${path}, ${label}`,
  );
  return found ? (document.getElementById(found.htmlFor) as HTMLInputElement) : null;
}
async function choose(select: HTMLSelectElement | null | undefined, value: string) {
  if (!select) throw new Error("there is no such list");
  await act(async () => {
    select.value = value;
    select.dispatchEvent(new Event("change", { bubbles: true }));
  });
}
const status = () => host().querySelector("[role=status]")?.textContent ?? "";

const grid = { name: "s", over: { "rl.rate": [0.001, 0.01] } };

test("a value that is left is written alone, and what belongs to other kinds is not shown", async () => {
  const sent = await show(grid);
  expect(field("samples")).toBeNull();
  expect(axis("rl.rate")?.textContent).toContain("learning rate · 0 to 1 · now 0.001");
  await typeInto(part("rl.rate", "values"), "0.001, 0.01, 0.1");
  await typeInto(input("seeds"), "0-1");
  expect(sent).toEqual([
    [{ field: "over/rl.rate", value: [0.001, 0.01, 0.1] }],
    [
      { field: "seeds", value: "0-1" },
      { field: "over/rl.rate", value: [0.001, 0.01, 0.1] },
    ],
  ]);
});

test("another kind brings what it needs as one edit", async () => {
  const sent = await show({
    name: "s",
    over: { "rl.rate": { from: 0.001, to: 0.1, scale: "log" } },
    kind: "random",
    samples: 4,
  });
  await choose(field("kind")?.querySelector("select"), "halving");
  expect(sent).toEqual([
    [
      { field: "kind", value: "halving" },
      { field: "metric", value: "success" },
      { field: "samples", value: 9 },
      { field: "resource", value: "rl.steps" },
      { field: "first", value: 1000 },
      { field: "last", value: 9000 },
    ],
  ]);
  expect(input("resource")?.value).toBe("rl.steps");
});

test("back to a grid the range is a list and the keys of drawing go", async () => {
  const sent = await show({
    name: "s",
    over: { "rl.rate": { from: 0.001, to: 0.1, scale: "log" } },
    kind: "random",
    samples: 4,
  });
  await choose(field("kind")?.querySelector("select"), "grid");
  expect(sent).toEqual([
    [
      { field: "kind", value: null },
      { field: "samples", value: null },
      { field: "over/rl.rate", value: [0.001, 0.1] },
    ],
  ]);
});

test("a range changes where it was changed", async () => {
  const sent = await show({
    name: "s",
    over: { "rl.rate": { from: 0.001, to: 0.1, scale: "log" } },
    kind: "random",
    samples: 4,
  });
  await typeInto(part("rl.rate", "to"), "0.2");
  expect(sent).toEqual([[{ field: "over/rl.rate/to", value: 0.2 }]]);
});

test.each([
  ["a value out of its range", "values", "0.001, 3", "3 is outside 0 to 1"],
  ["a word for a number", "values", "0.001, fast", "“fast” is no number, want 0 to 1"],
  ["nothing", "values", " ", "rl.rate needs values, 0 to 1, with commas between them"],
])("%s is marked at its knob, and nothing is written", async (_, label, text, why) => {
  const sent = await show(grid);
  const typed = part("rl.rate", label);
  await typeInto(typed, text);
  expect(sent).toEqual([]);
  expect(typed?.getAttribute("aria-invalid")).toBe("true");
  expect(document.getElementById(typed?.getAttribute("aria-describedby") ?? "")?.textContent).toBe(why);
  expect(status()).toContain("Not written yet: one field is to be mended.");
});

test.each([
  ["seeds", "100-104", "seed 104 is for the verdicts of claims, want seeds 0 to 99"],
  ["seeds", "few", "“few” is no seed: want a count (5), a range (0-4) or a list of both (0,7,10-14)"],
  ["arms", "lstm, mlp", "there is no arm “mlp”, want one of lstm, gru"],
  ["metric", "size", "points cannot be ranked by “size”, want success"],
])("%s %s is marked with what is legal, and nothing is written", async (key, text, why) => {
  const sent = await show(grid);
  await typeInto(input(key), text);
  expect(sent).toEqual([]);
  expect(field(key)?.querySelector(".knob-error")?.textContent).toBe(why);
  expect(input(key)?.getAttribute("aria-invalid")).toBe("true");
});

const halving = {
  name: "s",
  kind: "halving",
  metric: "success",
  samples: 9,
  resource: "rl.steps",
  first: 1000,
  last: 9000,
  over: { "rl.rate": { from: 0.001, to: 0.1 } },
};

test.each([
  ["samples", "5", "samples", "samples is 5, want at least 9: of so many one point reaches the last rung"],
  ["last", "500", "last", "last is 500, want more than first, which is 1000"],
  ["first", "10.5", "first", "first is 10.5, but rl.steps takes whole numbers"],
  ["resource", "rl.rate", "resource", "rl.rate is tried over values, too: take it out of the knobs below"],
])("of a halving sweep %s %s is marked", async (key, text, at, why) => {
  const sent = await show(halving);
  await typeInto(input(key), text);
  expect(sent).toEqual([]);
  expect(field(at)?.querySelector(".knob-error")?.textContent).toBe(why);
});

test("a knob is added and taken away by keys alone, and the focus goes along", async () => {
  const sent = await show(grid);
  const fresh = () => host().querySelector<HTMLInputElement>(".axis-new input");
  await typeInto(fresh(), "agent.widht");
  expect(host().querySelector(".axis-new .knob-error")?.textContent).toContain(
    "want one of agent.kind, agent.width",
  );
  await typeInto(fresh(), "agent.width");
  expect(sent).toEqual([[{ field: "over/agent.width", value: [32, 64] }]]);
  expect(document.activeElement).toBe(part("agent.width", "values"));
  const away = axis("agent.width")?.querySelector<HTMLButtonElement>("button");
  expect(away?.getAttribute("aria-label")).toBe("take agent.width out of the sweep");
  await act(async () => away?.click());
  expect(axis("agent.width")).toBeNull();
  expect(document.activeElement).toBe(fresh());
});

test("a knob that an arm lacks is marked at the knob", async () => {
  await show(grid, {
    code: "invalid",
    message: 'agent "mlp" has no knob "width", want one of "depth"',
    hint: "",
  } as Failure);
  await typeInto(host().querySelector<HTMLInputElement>(".axis-new input"), "agent.width");
  expect(axis("agent.width")?.querySelector(".knob-error")?.textContent).toContain('has no knob "width"');
});

test("what the server refuses is marked at the field that it names", async () => {
  await show(halving, {
    code: "invalid",
    message: "last is 8000, want what the server wants",
    hint: "",
  } as Failure);
  await typeInto(input("last"), "8000");
  expect(field("last")?.querySelector(".knob-error")?.textContent).toBe(
    "last is 8000, want what the server wants",
  );
});
