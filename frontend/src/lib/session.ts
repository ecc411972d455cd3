import type { Notebook, OpResult } from "./api.gen";
import { toOperation, type Edit } from "./ops";
import { Store } from "./store";
import { failure, type Failure, type Transport } from "./transport";

export interface SessionState {
  notebook: Notebook | undefined;
  /** Why it could not be read. */
  error: Failure | undefined;
  /** Why the last edit was refused; the notebook stands as the server has it. */
  refused: Failure | undefined;
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

/** An open notebook. The server owns it: edits go there one after the other, and what comes back replaces what is shown. */
export class Session {
  readonly state = new Store<SessionState>(START);
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
    void this.load();
    this.follow();
    return () => this.leave();
  }

  async load(): Promise<void> {
    this.state.update((s) => ({ ...s, since: Date.now() }));
    try {
      const notebook = await this.transport.get<Notebook>("notebook", { path: this.path });
      this.state.update((s) => ({ ...s, notebook, error: undefined, since: 0 }));
    } catch (error) {
      this.state.update((s) => ({ ...s, error: failure(error), since: 0 }));
    }
  }

  /** Sends an edit after those before it. True when the server took it. */
  send(edit: Edit): Promise<boolean> {
    this.state.update((s) => ({ ...s, pending: s.pending + 1 }));
    const done = this.line.then(() => this.apply(edit));
    this.line = done;
    return done;
  }

  dismiss(): void {
    this.state.update((s) => ({ ...s, refused: undefined }));
  }

  private follow(): void {
    this.leave();
    this.leave = this.transport.watch(`notebook:${this.path}`, (news) => {
      const { notebook, pending } = this.state.get();
      const newer = news.kind === "message" && (news.message.revision ?? 0) > (notebook?.revision ?? -1);
      if ((newer || news.kind === "gap") && pending === 0) void this.load();
    });
  }

  private async apply(edit: Edit): Promise<boolean> {
    try {
      if (this.state.get().notebook?.read_only) await this.copy();
      const seen = this.state.get().notebook;
      const op = seen ? toOperation(edit, seen) : edit;
      const { notebook } = await this.transport.post<OpResult>("notebook/op", { path: this.path }, op);
      this.state.update((s) => ({ ...s, notebook, refused: undefined, pending: s.pending - 1 }));
      return true;
    } catch (error) {
      const refused = failure(error);
      this.state.update((s) => ({ ...s, refused, pending: s.pending - 1 }));
      if (refused.code === "conflict") await this.load();
      return false;
    }
  }

  /** Goes on in a copy of the reader's own: shipped notebooks do not change. */
  private async copy(): Promise<void> {
    const notebook = await this.transport.post<Notebook>("notebook/copy", { path: this.path }, { name: "" });
    this.path = notebook.path;
    this.state.update((s) => ({ ...s, notebook }));
    this.follow();
    this.moved(notebook.path);
  }
}
