import { formatRoute, parseRoute, type Route } from "./route";
import { Store } from "./store";

interface Kept {
  scroll?: number;
}

/** Where the reader is: the address, and how far each place was scrolled. */
export class Navigation {
  readonly route: Store<Route>;

  constructor() {
    history.scrollRestoration = "manual";
    this.route = new Store(parseRoute(location.pathname, location.search));
    addEventListener("popstate", () => this.route.set(parseRoute(location.pathname, location.search)));
  }

  /** Goes to a place; Back returns. */
  readonly go = (route: Route): void => {
    if (formatRoute(route) === formatRoute(this.route.get())) return;
    history.pushState({}, "", formatRoute(route));
    this.route.set(route);
  };

  /** Changes the address in place: a filter, a step, a selected cell. */
  readonly change = (route: Route): void => {
    history.replaceState(history.state, "", formatRoute(route));
    this.route.set(route);
  };

  /** Remembers how far this place is scrolled; a reload and Back find it again. */
  keepScroll(top: number): void {
    const state: Kept = { scroll: Math.round(top) };
    history.replaceState(state, "");
  }

  keptScroll(): number {
    const state = history.state as Kept | null;
    return state?.scroll ?? 0;
  }
}
