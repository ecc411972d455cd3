import { act } from "react";
import { expect, test } from "vitest";
import { Failure } from "../../lib/transport";
import { fakeCell, fakeJob, fakeNotebook, fakePlan, fakeResults, openNotebook, stage } from "./fake-notebook";

const { host, root } = stage();

const notebook = fakeNotebook([
  fakeCell({ id: "prose-1", html: "<h1>A question</h1>", source: "# A question" }),
  fakeCell({ id: "run", kind: "run", value: { budget: "fast" } }),
  fakeCell({ id: "claim c", kind: "claim", name: "c", value: { value: "last(x, a)", holds: ">= 1" } }),
]);
const plan = fakePlan({});
const results = fakeResults({
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
  early: true,
});
const job = fakeJob({});
const open = (answers: Record<string, unknown>) => openNotebook(root(), answers);
const press = async (name: string) => {
  const button = [...host().querySelectorAll("button")].find((b) => b.textContent?.includes(name));
  if (!button) throw new Error(`no button says ${name}`);
  await act(async () => button.click());
};
const whole = { notebook, plan, results, job };

test("a notebook shows its text, its plan and its verdicts, each as word and shape", async () => {
  const { app } = await open(whole);
  expect(host().querySelector("h1")?.textContent).toBe("A question");
  expect(host().textContent).toContain("Run 3 of 4 (1 unchanged), about 2 min");
  expect(host().querySelector(".cell-claim .verdict")?.textContent).toBe("●held");
  expect(app.heading.get()).toEqual({ title: "A question", saved: 1 });
});

test("the run button starts the plan at the notebook's budget, and the bar appears at once", async () => {
  const { transport, app } = await open(whole);
  await press("Run 3 of 4");
  expect(transport.sent.filter((s) => s.path !== "notebook/page")).toEqual([
    { path: "job", query: { path: "mine/a.md" }, body: { budget: "fast", seeds: "", arms: [], cases: [] } },
  ]);
  expect(app.jobs.get().map((j) => j.id)).toEqual(["j1"]);
  expect(host().querySelector(".job")?.textContent).toContain("50 % · 3 to 5 min left");
});

test("problems stand with their place, and nothing can be run", async () => {
  const problems = [
    { line: 14, column: 4, cell: "run", msg: "run.seeds is 0", value: "0", legal: null, hint: "write 5" },
  ];
  await open({ ...whole, notebook: { ...notebook, problems } });
  expect(host().querySelector(".problem-head")?.textContent).toContain("14:4 run.seeds is 0 write 5");
  expect(host().querySelector<HTMLButtonElement>(".run-row .button-main")?.disabled).toBe(true);
});

test("a notebook that cannot be read says what, why and what to do", async () => {
  await open({
    notebook: () => {
      throw new Failure("not-found", "mine/a.md does not exist", "choose one in the Library");
    },
  });
  expect(host().querySelector("[role=alert]")?.textContent).toContain("mine/a.md does not exist");
  expect(host().textContent).toContain("Back to the Library");
});

test("undo goes to the server, and its answer replaces the page", async () => {
  const after = { ...notebook, revision: 4, title: "Another", can_undo: false };
  const { transport, app } = await open({ ...whole, "notebook/op": { notebook: after } });
  await press("Undo");
  const op = transport.sent.find((s) => s.path !== "notebook/page");
  expect(op).toMatchObject({ path: "notebook/op", body: { type: "undo", revision: 3 } });
  expect(app.heading.get().title).toBe("Another");
});
