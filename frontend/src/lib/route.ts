/** The screens, in the order of the rail. */
export type Screen =
  "library" | "notebook" | "run" | "episode" | "memory" | "compare" | "targets" | "settings";

/** What the Library shows; every filter stands in the address. */
export interface LibraryRoute {
  screen: "library";
  query: string;
  filters: Partial<Record<Filter, string>>;
  sort: "" | "minutes";
  paper: string;
  /** What the open card shows: its text, the source of its mechanism, or a recorded episode step by step. */
  view: LibraryView;
}

export type LibraryView = "" | "code" | "mechanism";

/** Filters of the Library, in the order of the page. */
export const FILTERS = ["form", "function", "control", "learns", "world", "rung"] as const;
export type Filter = (typeof FILTERS)[number];

/** An open notebook; "" as path means the one opened last. */
export interface NotebookRoute {
  screen: "notebook";
  path: string;
  cell: string;
  budget: string;
  /** The knobs that a lesson shows, as "memory.lambda memory.k2"; "paper" for the paper's own; "" for the whole notebook. */
  lesson: string;
}

/** A run, an episode of it and a step; "" and -1 mean the newest. */
export interface RunRoute {
  screen: "run";
  key: string;
  episode: number;
  step: number;
}

/** An episode under the magnifying glass; "" and -1 mean the one opened last and the newest. */
export interface EpisodeRoute {
  screen: "episode";
  key: string;
  episode: number;
  step: number;
  /** A second run and episode beside it; "" and -1 for none. */
  other: string;
  otherEpisode: number;
  /** What [ and ] look for: "" for any of read, write, error, reward. */
  event: string;
  query: string;
  /** How the context is shown: block by block, exactly as given, or what is new since the step before. */
  view: EpisodeView;
}

export type EpisodeView = "" | "exact" | "new";

/** A bank at a moment. A moment is the number of memory events of the run before it; -1 is the newest. */
export interface MemoryRoute {
  screen: "memory";
  key: string;
  bank: string;
  at: number;
  /** The moment to compare with; -1 for none. */
  against: number;
  view: MemoryView;
  query: string;
  sort: string;
  entry: string;
  /** The situation to ask the memory about. */
  ask: string;
}

export type MemoryView = "" | "graph" | "map" | "weights";

/** Arms side by side. Each arm is named by the key of one of its runs. */
export interface CompareRoute {
  screen: "compare";
  query: string;
  sort: string;
  /** First run of the list's page; -1 for the top. */
  from: number;
  arms: string[];
  /** "" shows the arms side by side where some are named, "list" the runs with the arms marked. */
  view: "" | "list";
  metric: string;
  /** The arm that the others are set against, "" for the first. */
  base: string;
  /** Arms that charts leave out. */
  hidden: string[];
  /** What the metric is set against: a metric of cost, "" for the first. */
  cost: string;
  /** The arm whose solved worlds are set against the base's, and which of them are listed. */
  other: string;
  cell: string;
}

export interface TargetsRoute {
  screen: "targets";
  name: string;
}

export interface SettingsRoute {
  screen: "settings";
  query: string;
}

export type Route =
  | LibraryRoute
  | NotebookRoute
  | RunRoute
  | EpisodeRoute
  | MemoryRoute
  | CompareRoute
  | TargetsRoute
  | SettingsRoute;

/** The Library with nothing chosen. */
export const library: LibraryRoute = {
  screen: "library",
  query: "",
  filters: {},
  sort: "",
  paper: "",
  view: "",
};

export function notebookRoute(path: string, budget = ""): NotebookRoute {
  return { screen: "notebook", path, cell: "", budget, lesson: "" };
}

export function episodeRoute(key: string, episode = -1, step = -1): EpisodeRoute {
  return {
    screen: "episode",
    key,
    episode,
    step,
    other: "",
    otherEpisode: -1,
    event: "",
    query: "",
    view: "",
  };
}

export function memoryRoute(key: string, bank = "", at = -1): MemoryRoute {
  return { screen: "memory", key, bank, at, against: -1, view: "", query: "", sort: "", entry: "", ask: "" };
}

export function compareRoute(arms: string[] = []): CompareRoute {
  return {
    screen: "compare",
    query: "",
    sort: "",
    from: -1,
    arms,
    view: "",
    metric: "",
    base: "",
    hidden: [],
    cost: "",
    other: "",
    cell: "",
  };
}

export const targets: TargetsRoute = { screen: "targets", name: "" };
export const settings: SettingsRoute = { screen: "settings", query: "" };

export function runRoute(key: string, episode = -1, step = -1): RunRoute {
  return { screen: "run", key, episode, step };
}

/** Reads an address of this program: path with query. Anything unknown is the Library. */
export function parseRoute(path: string, query: string): Route {
  const q = new URLSearchParams(query);
  const text = (name: string) => q.get(name) ?? "";
  switch (path.replace(/\/+$/, "")) {
    case "/notebook":
      return {
        screen: "notebook",
        path: text("path"),
        cell: text("cell"),
        budget: text("budget"),
        lesson: text("lesson"),
      };
    case "/run":
      return {
        screen: "run",
        key: text("key"),
        episode: whole(q.get("episode")),
        step: whole(q.get("step")),
      };
    case "/episode":
      return {
        screen: "episode",
        key: text("key"),
        episode: whole(q.get("episode")),
        step: whole(q.get("step")),
        other: text("other"),
        otherEpisode: whole(q.get("other-episode")),
        event: text("event"),
        query: text("q"),
        view: oneOf(text("view"), ["exact", "new"]),
      };
    case "/memory":
      return {
        screen: "memory",
        key: text("key"),
        bank: text("bank"),
        at: whole(q.get("at")),
        against: whole(q.get("against")),
        view: oneOf(text("view"), ["graph", "map", "weights"]),
        query: text("q"),
        sort: text("sort"),
        entry: text("entry"),
        ask: text("ask"),
      };
    case "/compare":
      return {
        screen: "compare",
        query: text("q"),
        sort: text("sort"),
        from: whole(q.get("from")),
        arms: q.getAll("arm"),
        view: oneOf(text("view"), ["list"]),
        metric: text("metric"),
        base: text("base"),
        hidden: q.getAll("hide"),
        cost: text("cost"),
        other: text("other"),
        cell: text("cell"),
      };
    case "/targets":
      return { screen: "targets", name: text("name") };
    case "/settings":
      return { screen: "settings", query: text("q") };
    default:
      return {
        screen: "library",
        query: text("q"),
        filters: readFilters(q),
        sort: q.get("sort") === "minutes" ? "minutes" : "",
        paper: text("paper"),
        view: oneOf(text("view"), ["code", "mechanism"]),
      };
  }
}

/** The text where it is one of the legal ones, else "". */
function oneOf<T extends string>(text: string, legal: readonly T[]): T | "" {
  return legal.find((one) => one === text) ?? "";
}

function whole(text: string | null): number {
  return text !== null && /^\d+$/.test(text) ? Number(text) : -1;
}

function readFilters(q: URLSearchParams): Partial<Record<Filter, string>> {
  const out: Partial<Record<Filter, string>> = {};
  for (const name of FILTERS) {
    const value = q.get(name);
    if (value) out[name] = value;
  }
  return out;
}

/** The address of a route; parseRoute reads it back. */
export function formatRoute(route: Route): string {
  const q = new URLSearchParams();
  const put = (name: string, value: string | number) => {
    if (value !== "" && value !== -1) q.set(name, String(value));
  };
  switch (route.screen) {
    case "library":
      put("q", route.query);
      for (const name of FILTERS) put(name, route.filters[name] ?? "");
      put("sort", route.sort);
      put("paper", route.paper);
      put("view", route.view);
      break;
    case "notebook":
      put("path", route.path);
      put("cell", route.cell);
      put("budget", route.budget);
      put("lesson", route.lesson);
      break;
    case "run":
      put("key", route.key);
      put("episode", route.episode);
      put("step", route.step);
      break;
    case "episode":
      put("key", route.key);
      put("episode", route.episode);
      put("step", route.step);
      put("other", route.other);
      put("other-episode", route.otherEpisode);
      put("event", route.event);
      put("q", route.query);
      put("view", route.view);
      break;
    case "memory":
      put("key", route.key);
      put("bank", route.bank);
      put("at", route.at);
      put("against", route.against);
      put("view", route.view);
      put("q", route.query);
      put("sort", route.sort);
      put("entry", route.entry);
      put("ask", route.ask);
      break;
    case "compare":
      put("q", route.query);
      put("sort", route.sort);
      put("from", route.from);
      for (const arm of route.arms) q.append("arm", arm);
      put("view", route.view);
      put("metric", route.metric);
      put("base", route.base);
      for (const arm of route.hidden) q.append("hide", arm);
      put("cost", route.cost);
      put("other", route.other);
      put("cell", route.cell);
      break;
    case "targets":
      put("name", route.name);
      break;
    case "settings":
      put("q", route.query);
      break;
    default:
      return never(route);
  }
  const query = q.toString().replaceAll("%2F", "/");
  return `/${route.screen === "library" ? "" : route.screen}${query ? "?" + query : ""}`;
}

/** Marks a branch that the types rule out. */
export function never(value: never): never {
  throw new Error(`unexpected value ${JSON.stringify(value)}`);
}
