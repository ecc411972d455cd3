import { describe, expect, test } from "vitest";
import type { Cell, Notebook, Operation } from "./api.gen";
import { FakeTransport } from "./fake-transport";
import { Session } from "./session";
import { Failure } from "./transport";

const notebook = (part: Partial<Notebook> = {}): Notebook => ({
  path: "mine/a.md",
  title: "A",
  paper: "p",
  revision: 1,
  read_only: false,
  saved_ms: 0,
  cells: [],
  problems: [],
  metrics: [],
  can_undo: false,
  can_redo: false,
  clash: false,
  writer: "",
  ...part,
});

async function opened(answers: Record<string, unknown>, path = "mine/a.md") {
  const transport = new FakeTransport(answers);
  const moved: string[] = [];
  const session = new Session(transport, path, (to) => moved.push(to));
  await session.load();
  return { transport, session, moved };
}

describe("an open notebook", () => {
  test("what the server answers is what is shown", async () => {
    const { session } = await opened({
      notebook: notebook(),
      "notebook/op": { notebook: notebook({ revision: 2, can_undo: true }) },
    });
    expect(await session.send({ type: "undo" })).toBe(true);
    expect(session.state.get()).toMatchObject({ pending: 0, notebook: { revision: 2, can_undo: true } });
  });

  test("an edit says which revision its author saw, and edits go one after the other", async () => {
    let revision = 1;
    const { transport, session } = await opened({
      notebook: notebook(),
      "notebook/op": () => ({ notebook: notebook({ revision: ++revision }) }),
    });
    await Promise.all([session.send({ type: "undo" }), session.send({ type: "redo" })]);
    expect(transport.sent.map((s) => s.body)).toEqual([
      { type: "undo", revision: 1, page: session.page },
      { type: "redo", revision: 2, page: session.page },
    ]);
  });

  test("the first edit of a shipped notebook goes to a copy, and the page follows", async () => {
    const copy = notebook({ path: "mine/b.md", revision: 7 });
    const { transport, session, moved } = await opened(
      {
        notebook: notebook({ path: "experiments/b.md", read_only: true }),
        "notebook/copy": copy,
        "notebook/op": { notebook: copy },
      },
      "experiments/b.md",
    );
    await session.send({ type: "undo" });
    expect(moved).toEqual(["mine/b.md"]);
    const edits = transport.sent.filter((s) => s.path !== "notebook/page");
    expect(edits.map((s) => [s.path, s.query])).toEqual([
      ["notebook/copy", { path: "experiments/b.md" }],
      ["notebook/op", { path: "mine/b.md" }],
    ]);
  });

  test("a refused edit leaves the notebook and says why", async () => {
    const { session } = await opened({
      notebook: notebook(),
      "notebook/op": () => {
        throw new Failure("invalid", "world.n is 0, want 1 to 20", "write a number from 1");
      },
    });
    expect(await session.send({ type: "undo" })).toBe(false);
    expect(session.state.get()).toMatchObject({
      pending: 0,
      refused: { failure: { message: "world.n is 0, want 1 to 20" }, edit: { type: "undo" } },
    });
    expect(session.state.get().notebook?.revision).toBe(1);
  });

  test("an edit typed over a text that somebody else changed is made for the old text; the page's own edits follow each other", async () => {
    const cell = (hash: string) => [{ id: "a", hash } as Cell];
    const hashes = ["h2", "h3", "h4"];
    const { transport, session } = await opened({
      notebook: notebook({ cells: cell("h1") }),
      "notebook/op": () => ({ notebook: notebook({ cells: cell(hashes.shift() ?? "") }) }),
    });
    const type = (source: string, hash: string) =>
      session.send({ type: "set-source", cell: "a", source, hash });
    await Promise.all([type("x", "h1"), type("xy", "h1")]);
    await type("xyz", "foreign");
    const sent = transport.sent
      .filter((s) => s.path === "notebook/op")
      .map((s) => (s.body as Operation).hash);
    expect(sent).toEqual(["h1", "h2", "foreign"]);
  });

  test("taking over makes this page the writer", async () => {
    let writer = "other";
    const { session } = await opened({
      notebook: () => notebook({ writer }),
      "notebook/page": (_query: unknown, body: unknown) => {
        const { page, take } = body as { page: string; take: boolean };
        if (take) writer = page;
        return { writer };
      },
    });
    expect(session.state.get().notebook?.writer).toBe("other");
    await session.takeOver();
    expect(session.state.get().notebook?.writer).toBe(session.page);
  });

  test("a newer revision elsewhere is read again, an older one is not", async () => {
    let reads = 0;
    const { transport, session } = await opened({ notebook: () => notebook({ revision: ++reads }) });
    session.open();
    const tell = (revision: number) =>
      transport.tell("notebook:mine/a.md", {
        kind: "message",
        message: { type: "notebook", topic: "notebook:mine/a.md", number: 1, revision },
      });
    await Promise.resolve();
    const before = reads;
    tell(1);
    expect(reads).toBe(before);
    tell(99);
    expect(reads).toBe(before + 1);
  });
});
