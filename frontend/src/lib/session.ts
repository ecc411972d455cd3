import type { Notebook, OpResult, PageAnswer } from "./api.gen";
import { hashOf, made, Successors, toOperation, type Edit, type Made } from "./ops";
import { sameCells } from "./same-cells";
import { Store } from "./store";
import { failure, type Failure, type Transport } from "./transport";

export interface SessionState {
  notebook: Notebook | undefined;
  /** Why it could not be read. */
  error: Failure | undefined;
  /** Why the last edit was refused, and the edit; the notebook stands as the server has it. */
  refused: { failure: Failure; edit: Edit } | undefined;
  /** When reading began, 0 when it does not go on. */
  since: number;
  /** Edits on their way. */
  pending: number;
}

const START: SessionState = {
  notebook: undefined,
  error: undefined,
  refused: undefined,
  since: 0,
  pending: 0,
};

/** How often the page says that it is there, in milliseconds; after 30 s of silence another page may write. */
const PRESENCE = 8000;

/** An open notebook. The server owns it: edits go there one after the other, and what comes back replaces what is shown. */
export class Session {
  readonly state = new Store<SessionState>(START);
  /** The name of this page for the server, which lets one page write at a time. */
  readonly page = pageName();
  private readonly successors = new Successors();
  private line: Promise<unknown> = Promise.resolve();
  private leave: () => void = () => undefined;

  constructor(
    private readonly transport: Transport,
    /** Where the notebook lies; the first edit of a shipped one moves on to a copy. */
    public path: string,
    private readonly moved: (path: string) => void,
  ) {}

  /** Reads the notebook and follows it until the returned function is called. */
  open(): () => void {
    void this.load().then(() => this.present());
    this.follow();
    const timer = setInterval(() => void this.present(), PRESENCE);
    const away = () => void this.present({ leave: true });
    addEventListener("pagehide", away);
    return () => {
      clearInterval(timer);
      removeEventListener("pagehide", away);
      away();
      this.leave();
    };
  }

  async load(): Promise<void> {
    this.state.update((s) => ({ ...s, since: Date.now() }));
    try {
      const notebook = await this.transport.get<Notebook>("notebook", { path: this.path });
      this.state.update((s) => ({
        ...s,
        notebook: sameCells(s.notebook, notebook),
        error: undefined,
        since: 0,
      }));
    } catch (error) {
      this.state.update((s) => ({ ...s, error: failure(error), since: 0 }));
    }
  }

  /** Sends an edit after those before it. True when the server took it. */
  send(edit: Edit): Promise<boolean> {
    const mine = made(edit, this.state.get().notebook);
    this.state.update((s) => ({ ...s, pending: s.pending + 1 }));
    const done = this.line.then(() => this.apply(mine));
    this.line = done;
    return done;
  }

  dismiss(): void {
    this.state.update((s) => ({ ...s, refused: undefined }));
  }

  /** Writes from here; the page that wrote until now reads. */
  async takeOver(): Promise<void> {
    await this.present({ take: true });
    await this.load();
  }

  private async present(how: { take?: boolean; leave?: boolean } = {}): Promise<void> {
    if (!this.state.get().notebook) return;
    try {
      const { writer } = await this.transport.post<PageAnswer>(
        "notebook/page",
        { path: this.path },
        { page: this.page, take: how.take ?? false, leave: how.leave ?? false },
      );
      this.state.update((s) =>
        s.notebook && s.notebook.writer !== writer ? { ...s, notebook: { ...s.notebook, writer } } : s,
      );
    } catch {
      // The connection line says that the server is away.
    }
  }

  private follow(): void {
    this.leave();
    this.leave = this.transport.watch(`notebook:${this.path}`, (news) => {
      const { notebook, pending } = this.state.get();
      const newer = news.kind === "message" && (news.message.revision ?? 0) > (notebook?.revision ?? -1);
      if ((newer || news.kind === "gap") && pending === 0) void this.load();
    });
  }

  private async apply(mine: Made): Promise<boolean> {
    try {
      if (this.state.get().notebook?.read_only) await this.copy();
      const seen = this.state.get().notebook;
      const edit = { ...mine, hash: this.successors.of(mine.hash) };
      const op = seen ? toOperation(edit, seen, this.page) : mine.edit;
      const { notebook } = await this.transport.post<OpResult>("notebook/op", { path: this.path }, op);
      if ("cell" in mine.edit) this.successors.note(edit.hash, hashOf(notebook, mine.edit.cell));
      this.state.update((s) => ({
        ...s,
        notebook: sameCells(s.notebook, notebook),
        refused: undefined,
        pending: s.pending - 1,
      }));
      return true;
    } catch (error) {
      const refused = { failure: failure(error), edit: mine.edit };
      this.state.update((s) => ({ ...s, refused, pending: s.pending - 1 }));
      if (refused.failure.code === "conflict") await this.load();
      return false;
    }
  }

  /** Goes on in a copy of the reader's own: shipped notebooks do not change. */
  private async copy(): Promise<void> {
    const notebook = await this.transport.post<Notebook>("notebook/copy", { path: this.path }, { name: "" });
    this.path = notebook.path;
    this.state.update((s) => ({ ...s, notebook: sameCells(s.notebook, notebook) }));
    this.follow();
    void this.present();
    this.moved(notebook.path);
  }
}

function pageName(): string {
  return globalThis.crypto?.randomUUID?.() ?? `page-${Date.now()}-${Math.random()}`;
}
