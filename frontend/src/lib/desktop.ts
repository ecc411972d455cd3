import type { App } from "./app";
import type { Opened, Saved } from "./api.gen";
import { notebookRoute, parseRoute } from "./route";
import { failure } from "./transport";

/** What the window around the pages asks of them, and what they ask of it. Returns what ends it. */
export function followWindow(app: App): () => void {
  const go = (event: Event) => {
    const url = new URL(textOf(event), location.origin);
    app.navigation.go(parseRoute(url.pathname, url.search));
  };
  const command = (event: Event) => {
    const wanted = app.commands.all.get().findLast((c) => c.id === textOf(event));
    if (wanted) wanted.run();
    else app.notice("this screen has nothing for that; open a notebook first");
  };
  const click = (event: MouseEvent) => void saveInstead(app, event);
  addEventListener("loci:go", go);
  addEventListener("loci:command", command);
  addEventListener("click", click);
  return () => {
    removeEventListener("loci:go", go);
    removeEventListener("loci:command", command);
    removeEventListener("click", click);
  };
}

function textOf(event: Event): string {
  return event instanceof CustomEvent && typeof event.detail === "string" ? event.detail : "";
}

/** In the window a download asks where to put the file; a browser does that by itself. */
async function saveInstead(app: App, event: MouseEvent): Promise<void> {
  const link =
    event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[download]") : null;
  if (!link || !app.status.get()?.desktop || event.defaultPrevented) return;
  const url = new URL(link.href, location.href);
  if (url.origin !== location.origin || !url.pathname.startsWith("/api/")) return;
  event.preventDefault();
  await saveAs(app, url.pathname + url.search, link.download || url.pathname.split("/").pop() || "loci");
}

/** Keeps what an address of the server answers as a file of the person's choice. */
export async function saveAs(app: App, url: string, name: string): Promise<void> {
  try {
    const saved = await app.transport.post<Saved>("desktop/save", {}, { url, name });
    if (saved.file) app.notice(`saved as ${saved.file}`);
  } catch (error) {
    app.notice(failure(error).message);
  }
}

/** Asks for a notebook by the system's dialogue and opens it. */
export async function openFile(app: App): Promise<void> {
  try {
    const { path } = await app.transport.post<Opened>("desktop/open");
    if (path) app.navigation.go(notebookRoute(path));
  } catch (error) {
    app.notice(failure(error).message);
  }
}
