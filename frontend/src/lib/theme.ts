import { Store } from "./store";

/** Colours of the arms by place in the row; each at least 3:1 on its ground, any two far apart for every kind of sight. */
export const ARMS = {
  light: ["#035377", "#B01505", "#4AA290", "#B275FD", "#C28529", "#141414"],
  dark: ["#7FC6FF", "#D41B06", "#21896D", "#9358C1", "#F4FF18", "#FFC0C2"],
} as const;

export type Mode = keyof typeof ARMS;

/** Dash of the nth arm: the first six are drawn through, then 6-3, then dotted. */
export function armDash(place: number): string {
  return place < 6 ? "" : place < 12 ? "6 3" : "2 2";
}

/** Colour of the nth arm; above eighteen it is grey until pointed at. */
export function armColour(place: number, mode: Mode): string {
  if (place >= 18 || place < 0) return mode === "light" ? "#6B7580" : "#98A2AD";
  return ARMS[mode][place % 6] ?? ARMS[mode][0];
}

function query(text: string): MediaQueryList | undefined {
  return typeof matchMedia === "function" ? matchMedia(text) : undefined;
}

function follow(text: string, read: (on: boolean) => void): void {
  const list = query(text);
  list?.addEventListener("change", () => read(list.matches));
}

/** What is fixed under Settings, Look; "system" leaves it to the system. */
export type Look = "system" | Mode;

const DARK = "(prefers-color-scheme: dark)";
const LESS = "(prefers-reduced-motion: reduce)";
let look: Look = fixedBefore();
let lessMotion = false;
let printing = false;

/** Light or dark as the page shows it now; printing is always light. */
export const mode = new Store<Mode>(present());
follow(DARK, () => mode.set(present()));
follow("print", (on) => {
  printing = on;
  mode.set(present());
});

/** Nothing slides, and live charts redraw once a second. */
export const calm = new Store<boolean>(matches(LESS));
follow(LESS, () => calm.set(lessMotion || matches(LESS)));

/** Fixes light or dark, or leaves it to the system. */
export function fixLook(to: Look): void {
  look = to;
  const root = document.documentElement;
  if (to === "system") delete root.dataset["mode"];
  else root.dataset["mode"] = to;
  mode.set(present());
}

/** Asks for less motion than the system does. */
export function fixMotion(less: boolean): void {
  lessMotion = less;
  document.documentElement.toggleAttribute("data-calm", less);
  calm.set(less || matches(LESS));
}

function present(): Mode {
  if (printing) return "light";
  if (look !== "system") return look;
  return matches(DARK) ? "dark" : "light";
}

/** What the server wrote into the page, so that the first paint has its colours. */
function fixedBefore(): Look {
  const said = typeof document === "undefined" ? undefined : document.documentElement.dataset["mode"];
  return said === "light" || said === "dark" ? said : "system";
}

function matches(text: string): boolean {
  return query(text)?.matches ?? false;
}
