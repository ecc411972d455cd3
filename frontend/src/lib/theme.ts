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

/** Light or dark, as the system says. */
export const mode = new Store<Mode>(query("(prefers-color-scheme: dark)")?.matches ? "dark" : "light");
follow("(prefers-color-scheme: dark)", (on) => mode.set(on ? "dark" : "light"));

/** Nothing slides, and live charts redraw once a second. */
export const calm = new Store<boolean>(query("(prefers-reduced-motion: reduce)")?.matches ?? false);
follow("(prefers-reduced-motion: reduce)", (on) => calm.set(on));
