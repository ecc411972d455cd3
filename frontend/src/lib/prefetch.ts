/** How long the first page has for itself, in milliseconds. */
const HEAD_START = 1500;

/** Loads parts of the pages once nothing else is to do, so that the first visit of a screen does not wait for them. */
export function prefetch(parts: readonly (() => Promise<unknown>)[]): void {
  const rest = [...parts];
  const idle = window.requestIdleCallback ?? ((run: () => void) => window.setTimeout(run, 200));
  const next = () => {
    const part = rest.shift();
    if (!part) return;
    // A part that cannot be loaded now is asked for again when its screen opens, which then says what is wrong.
    void part()
      .catch(() => undefined)
      .then(() => idle(next));
  };
  window.setTimeout(() => idle(next), HEAD_START);
}
