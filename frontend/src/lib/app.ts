import { createContext, useContext } from "react";
import type { Job, Library, Status } from "./api.gen";
import { Commands } from "./commands";
import { Hints } from "./hints";
import { mergeJob } from "./jobs";
import { Navigation } from "./navigation";
import { tellSystem } from "./notify";
import { Preferences } from "./preferences";
import { notebookRoute, type NotebookRoute } from "./route";
import { Store } from "./store";
import type { Transport } from "./transport";

/** A line that tells the reader what happened, for 10 s. */
export interface Notice {
  id: number;
  text: string;
  /** What may be done about it. */
  action?: { label: string; run: () => void };
}

/** What the top line says of the open screen. */
export interface Heading {
  title: string;
  /** When it was saved, in milliseconds; 0 where nothing is saved. */
  saved: number;
}

function screenTitle(screen: string): string {
  return screen.slice(0, 1).toUpperCase() + screen.slice(1);
}

/** What every screen may reach. */
export class App {
  readonly commands = new Commands();
  readonly navigation = new Navigation();
  readonly preferences: Preferences;
  readonly jobs = new Store<readonly Job[]>([]);
  readonly status = new Store<Status | undefined>(undefined);
  readonly notices = new Store<readonly Notice[]>([]);
  readonly hints = new Hints();
  /** Until a screen says more, its name. */
  readonly heading = new Store<Heading>({ title: screenTitle(this.navigation.route.get().screen), saved: 0 });
  /** The notebook and run that were open last, so that the rail leads back to them. */
  readonly lastNotebook = new Store<NotebookRoute>(notebookRoute(""));
  readonly lastRun = new Store("");
  /** The cards as they were read last. */
  readonly library = new Store<Library | undefined>(undefined);
  private nextNotice = 1;

  constructor(readonly transport: Transport) {
    this.preferences = new Preferences(transport, this.commands);
  }

  /** Reads the running work and follows it. */
  follow(): () => void {
    void this.readStatus();
    void this.preferences.load();
    return this.transport.watch("jobs", (news) => {
      if (news.kind === "gap") return void this.readStatus();
      if (news.kind !== "message") return;
      const { job, text } = news.message;
      if (job) this.jobs.update((jobs) => mergeJob(jobs, job));
      if (news.message.type === "notice" && text) {
        this.notice(text);
        if (this.preferences.on("privacy.notices")) tellSystem(text);
      }
    });
  }

  notice(text: string, action?: Notice["action"]): void {
    const id = this.nextNotice++;
    this.notices.update((list) => [...list.slice(-2), { id, text, ...(action ? { action } : {}) }]);
    setTimeout(() => this.dismiss(id), 10_000);
  }

  dismiss(id: number): void {
    this.notices.update((list) => list.filter((n) => n.id !== id));
  }

  private async readStatus(): Promise<void> {
    try {
      const status = await this.transport.get<Status>("status");
      this.status.set(status);
      this.jobs.set(status.jobs ?? []);
    } catch {
      // The connection line says that the server is away; the next reconnection reads again.
    }
  }
}

export const AppContext = createContext<App | undefined>(undefined);

/** The program around the component. */
export function useApp(): App {
  const app = useContext(AppContext);
  if (!app) throw new Error("a component stands outside the program");
  return app;
}
