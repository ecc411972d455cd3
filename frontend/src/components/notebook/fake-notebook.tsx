import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach } from "vitest";
import type { Cell, Field, FormField, Job, Json, Notebook, Plan, Results } from "../../lib/api.gen";
import { App, AppContext } from "../../lib/app";
import { FakeTransport } from "../../lib/fake-transport";
import { notebookRoute } from "../../lib/route";
import NotebookScreen from "./NotebookScreen";

/** A page for the tests of one file: made before each, taken away after it. */
export function stage(): { host: () => HTMLElement; root: () => Root } {
  let root: Root;
  let host: HTMLElement;
  beforeEach(() => {
    (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
    host = document.body.appendChild(document.createElement("div"));
    root = createRoot(host);
  });
  afterEach(() => {
    act(() => root.unmount());
    host.remove();
  });
  return { host: () => host, root: () => root };
}

export const fakeCell = (part: Partial<Cell>): Cell => ({
  id: "",
  kind: "prose",
  name: "",
  source: "",
  html: "",
  value: {},
  choice: "",
  kinds: null,
  fields: null,
  line: 1,
  hash: "h",
  good: "",
  ...part,
});

export const fakeField = (part: Partial<Field>, value: Json = null, set = false): FormField => {
  const field: Field = {
    path: "",
    type: "float",
    doc: "",
    unit: "",
    default: null,
    fast: null,
    full: null,
    min: null,
    max: null,
    enum: null,
    paper: "",
    pitfall: "",
    symbol: "",
    group: "",
    main: false,
    ...part,
  };
  return { field, value: set ? value : (value ?? field.default), set };
};

export const fakeNotebook = (cells: Cell[], part: Partial<Notebook> = {}): Notebook => ({
  path: "mine/a.md",
  title: "A question",
  paper: "p",
  revision: 3,
  read_only: false,
  saved_ms: 1,
  problems: null,
  metrics: null,
  can_undo: true,
  can_redo: false,
  clash: false,
  writer: "",
  cells,
  ...part,
});

export const fakePlan = (part: Partial<Plan>): Plan => ({
  total: 4,
  unchanged: 1,
  todo: 3,
  partial: 0,
  seconds_lo: 0,
  seconds_hi: 0,
  basis: "",
  label: "Run 3 of 4 (1 unchanged), about 2 min",
  ...part,
});

export const fakeResults = (part: Partial<Results> = {}): Results => ({
  verdicts: null,
  table: { columns: [], rows: [] },
  recorded: "",
  budget: "fast",
  early: false,
  minutes: 0,
  moved: [],
  ...part,
});

export const fakeJob = (part: Partial<Job>): Job => ({
  id: "j1",
  why: "",
  path: "mine/a.md",
  title: "A question",
  budget: "fast",
  sweep: "",
  state: "running",
  runs: [],
  ahead: 0,
  done: 0,
  failed: 0,
  share: 0.5,
  left_lo: 190,
  left_hi: 290,
  part: false,
  error: null,
  start_ms: 1,
  ...part,
});

/** Opens the notebook of the answers on a page. */
export async function openNotebook(root: Root, answers: Record<string, unknown>) {
  const transport = new FakeTransport(answers);
  const app = new App(transport);
  await act(async () => {
    root.render(
      <AppContext.Provider value={app}>
        <NotebookScreen route={notebookRoute("mine/a.md")} />
      </AppContext.Provider>,
    );
  });
  return { transport, app };
}

/** Types into an input as a person does, and ends with a key. */
export async function typeInto(input: HTMLInputElement | null, text: string, key = "Enter"): Promise<void> {
  if (!input) throw new Error("there is no such field");
  await act(async () => {
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set?.call(input, text);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });
  await act(async () => {
    input.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  });
}
