import type { FoundRun, Job, Library, MemoryPage } from "../../lib/api.gen";
import type { App } from "../../lib/app";
import { named } from "../../lib/format";
import type { Command } from "../../lib/keys";
import type { Entry } from "../../lib/palette";
import { memoryRoute, notebookRoute, runRoute } from "../../lib/route";

/** Entries of the open run's memory that match what was typed. */
export interface MemoryFound {
  run: string;
  query: string;
  page: MemoryPage;
}

/** Everything that the palette can find. */
export function paletteEntries(
  app: App,
  commands: readonly Command[],
  library: Library | undefined,
  jobs: readonly Job[],
  found: readonly FoundRun[],
  memory: MemoryFound | undefined,
): Entry[] {
  const live = jobs.flatMap((job) => runs(app, job));
  const known = new Set(live.map((e) => e.id));
  return [
    ...commands.filter((c) => c.keyOnly !== true).map(fromCommand),
    ...(library?.own ?? []).map((n) => notebook(app, n.path, n.title || n.path, "Your notebook")),
    ...(library?.papers ?? [])
      .filter((p) => p.works)
      .map((p) => notebook(app, p.path, p.card.short || p.card.title)),
    ...live,
    ...found.map((r) => stored(app, r)).filter((e) => !known.has(e.id)),
    ...(memory ? entriesOf(app, memory) : []),
  ];
}

function fromCommand(c: Command): Entry {
  return { id: c.id, title: c.title, group: c.group, keys: c.keys, run: c.run };
}

function notebook(app: App, path: string, title: string, group = "Notebook"): Entry {
  return {
    id: `notebook ${path}`,
    title,
    group,
    keys: [],
    run: () => app.navigation.go(notebookRoute(path)),
  };
}

function runs(app: App, job: Job): Entry[] {
  return (job.runs ?? []).map((r) => ({
    id: `run ${r.key}`,
    title: named(r.arm, r.case, `seed ${r.seed}`, r.state),
    group: "Run",
    keys: [],
    run: () => app.navigation.go(runRoute(r.key)),
  }));
}

function stored(app: App, r: FoundRun): Entry {
  return {
    id: `run ${r.key}`,
    title: named(r.paper, r.arm, r.case, `seed ${r.seed}`, r.state),
    group: "Run",
    // The server matches more than the title shows: notebook, key, error.
    also: `${r.notebook} ${r.key} ${r.error}`,
    keys: [],
    run: () => app.navigation.go(runRoute(r.key)),
  };
}

function entriesOf(app: App, memory: MemoryFound): Entry[] {
  return (memory.page.rows ?? []).map((row) => ({
    id: `entry ${memory.page.bank} ${row.id}`,
    title: `${row.id}  ${row.text}`,
    group: "Memory",
    also: memory.query,
    keys: [],
    run: () =>
      app.navigation.go({ ...memoryRoute(memory.run, memory.page.bank), query: memory.query, entry: row.id }),
  }));
}
