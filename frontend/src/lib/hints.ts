import { Store } from "./store";
import type { Route } from "./route";

/** One line that helps on the way. There is never more than one. */
export interface Hint {
  text: string;
  /** It is the answer to a question that was asked, not advice: it is set apart. */
  answer?: boolean;
  /** Where the reader came from. */
  back?: { label: string; route: Route };
}

interface Shown {
  hint: Hint | undefined;
  open: boolean;
}

const KEPT = "loci-hint";

/** The hint of the moment: it goes with Escape, comes back in the list of keys, and outlives a reload. */
export class Hints {
  readonly shown = new Store<Shown>(read());

  constructor() {
    this.shown.subscribe(() => {
      try {
        sessionStorage.setItem(KEPT, JSON.stringify(this.shown.get()));
      } catch {
        // Without storage the hint does not outlive a reload.
      }
    });
  }

  say(hint: Hint): void {
    if (this.shown.get().hint?.text !== hint.text) this.shown.set({ hint, open: true });
  }

  hide(): void {
    this.shown.update((s) => ({ ...s, open: false }));
  }

  again(): void {
    this.shown.update((s) => ({ ...s, open: s.hint !== undefined }));
  }

  /** Takes the hint away for good: its place was left. */
  clear(): void {
    this.shown.set({ hint: undefined, open: false });
  }
}

function read(): Shown {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null") as Shown | null;
    if (kept && typeof kept.hint?.text === "string") return kept;
  } catch {
    // Nothing usable was kept.
  }
  return { hint: undefined, open: false };
}
