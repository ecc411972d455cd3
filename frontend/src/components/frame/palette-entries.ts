import type { Job, Library } from "../../lib/api.gen";
import type { App } from "../../lib/app";
import { named } from "../../lib/format";
import type { Command } from "../../lib/keys";
import type { Entry } from "../../lib/palette";
import { notebookRoute, runRoute } from "../../lib/route";

/** Everything that the palette can find. */
export function paletteEntries(
  app: App,
  commands: readonly Command[],
  library: Library | undefined,
  jobs: readonly Job[],
): Entry[] {
  return [
    ...commands.filter((c) => c.keyOnly !== true).map(fromCommand),
    ...(library?.own ?? []).map((n) => notebook(app, n.path, n.title || n.path, "Your notebook")),
    ...(library?.papers ?? [])
      .filter((p) => p.works)
      .map((p) => notebook(app, p.path, p.card.short || p.card.title)),
    ...jobs.flatMap((job) => runs(app, job)),
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
