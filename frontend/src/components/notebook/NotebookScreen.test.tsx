import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Cell, Job, Notebook, Plan, Results } from "../../lib/api.gen";
import { App, AppContext } from "../../lib/app";
import { FakeTransport } from "../../lib/fake-transport";
import { notebookRoute } from "../../lib/route";
import { Failure } from "../../lib/transport";
import NotebookScreen from "./NotebookScreen";

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

const cell = (part: Partial<Cell>): Cell => ({
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
  hash: "",
  good: "",
  ...part,
});
const notebook: Notebook = {
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
  cells: [
    cell({ id: "prose-1", html: "<h1>A question</h1>", source: "# A question" }),
    cell({ id: "run", kind: "run", value: { budget: "fast" } }),
    cell({ id: "claim c", kind: "claim", name: "c", value: { value: "last(x, a)", holds: ">= 1" } }),
  ],
};
const plan: Plan = {
  total: 4,
  unchanged: 1,
  todo: 3,
  partial: 0,
  seconds_lo: 0,
  seconds_hi: 0,
  basis: "",
  label: "Run 3 of 4 (1 unchanged), about 2 min",
};
const results: Results = {
  verdicts: [
    {
      name: "c",
      text: "",
      verdict: "held",
      sentence: "it holds",
      parts: [],
      seeds: [0, 1],
      early: true,
      extended: 0,
      alpha: 0.05,
    },
  ],
  table: { columns: [], rows: [] },
  recorded: "",
  budget: "fast",
  early: true,
  minutes: 0,
  moved: [],
};
const job: Job = {
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
};

async function open(answers: Record<string, unknown>) {
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
const press = async (name: string) => {
  const button = [...host.querySelectorAll("button")].find((b) => b.textContent?.includes(name));
  if (!button) throw new Error(`no button says ${name}`);
  await act(async () => button.click());
};
const whole = { notebook, plan, results, job };

test("a notebook shows its text, its plan and its verdicts, each as word and shape", async () => {
  const { app } = await open(whole);
  expect(host.querySelector("h1")?.textContent).toBe("A question");
  expect(host.textContent).toContain("Run 3 of 4 (1 unchanged), about 2 min");
  expect(host.querySelector(".cell-claim .verdict")?.textContent).toBe("●held");
  expect(app.heading.get()).toEqual({ title: "A question", saved: 1 });
});

test("the run button starts the plan at the notebook's budget, and the bar appears at once", async () => {
  const { transport, app } = await open(whole);
  await press("Run 3 of 4");
  expect(transport.sent.filter((s) => s.path !== "notebook/page")).toEqual([
    { path: "job", query: { path: "mine/a.md" }, body: { budget: "fast", seeds: "", arms: [], cases: [] } },
  ]);
  expect(app.jobs.get().map((j) => j.id)).toEqual(["j1"]);
  expect(host.querySelector(".job")?.textContent).toContain("50 % · 3 to 5 min left");
});

test("problems stand with their place, and nothing can be run", async () => {
  const problems = [
    { line: 14, column: 4, cell: "run", msg: "run.seeds is 0", value: "0", legal: null, hint: "write 5" },
  ];
  await open({ ...whole, notebook: { ...notebook, problems } });
  expect(host.querySelector(".problem-head")?.textContent).toContain("14:4 run.seeds is 0 write 5");
  expect(host.querySelector<HTMLButtonElement>(".run-row .button-main")?.disabled).toBe(true);
});

test("a notebook that cannot be read says what, why and what to do", async () => {
  await open({
    notebook: () => {
      throw new Failure("not-found", "mine/a.md does not exist", "choose one in the Library");
    },
  });
  expect(host.querySelector("[role=alert]")?.textContent).toContain("mine/a.md does not exist");
  expect(host.textContent).toContain("Back to the Library");
});

test("undo goes to the server, and its answer replaces the page", async () => {
  const after = { ...notebook, revision: 4, title: "Another", can_undo: false };
  const { transport, app } = await open({ ...whole, "notebook/op": { notebook: after } });
  await press("Undo");
  const op = transport.sent.find((s) => s.path !== "notebook/page");
  expect(op).toMatchObject({ path: "notebook/op", body: { type: "undo", revision: 3 } });
  expect(app.heading.get().title).toBe("Another");
});
