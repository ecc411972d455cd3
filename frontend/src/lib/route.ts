/** The screens that exist. */
export type Screen = "library" | "notebook" | "run";

/** What the Library shows; every filter stands in the address. */
export interface LibraryRoute {
  screen: "library";
  query: string;
  filters: Partial<Record<Filter, string>>;
  sort: "" | "minutes";
  paper: string;
}

/** Filters of the Library, in the order of the page. */
export const FILTERS = ["form", "function", "control", "learns", "world", "rung"] as const;
export type Filter = (typeof FILTERS)[number];

/** An open notebook; "" as path means the one opened last. */
export interface NotebookRoute {
  screen: "notebook";
  path: string;
  cell: string;
  budget: string;
}

/** A run, an episode of it and a step; "" and -1 mean the newest. */
export interface RunRoute {
  screen: "run";
  key: string;
  episode: number;
  step: number;
}

export type Route = LibraryRoute | NotebookRoute | RunRoute;

/** The Library with nothing chosen. */
export const library: LibraryRoute = { screen: "library", query: "", filters: {}, sort: "", paper: "" };

export function notebookRoute(path: string, budget = ""): NotebookRoute {
  return { screen: "notebook", path, cell: "", budget };
}

export function runRoute(key: string, episode = -1, step = -1): RunRoute {
  return { screen: "run", key, episode, step };
}

/** Reads an address of this program: path with query. Anything unknown is the Library. */
export function parseRoute(path: string, query: string): Route {
  const q = new URLSearchParams(query);
  const text = (name: string) => q.get(name) ?? "";
  switch (path.replace(/\/+$/, "")) {
    case "/notebook":
      return { screen: "notebook", path: text("path"), cell: text("cell"), budget: text("budget") };
    case "/run":
      return {
        screen: "run",
        key: text("key"),
        episode: whole(q.get("episode")),
        step: whole(q.get("step")),
      };
    default:
      return {
        screen: "library",
        query: text("q"),
        filters: readFilters(q),
        sort: q.get("sort") === "minutes" ? "minutes" : "",
        paper: text("paper"),
      };
  }
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
      break;
    case "notebook":
      put("path", route.path);
      put("cell", route.cell);
      put("budget", route.budget);
      break;
    case "run":
      put("key", route.key);
      put("episode", route.episode);
      put("step", route.step);
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
