/** Waits for a pause in the typing, at most so long after the first key that an edit is on disk within 1 s. */
const PAUSE = 400;
const LONGEST = 800;

/** Passes on the newest value after a pause. */
export class Settle<T> {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private first = 0;
  private value: { now: T } | undefined;

  constructor(private readonly pass: (value: T) => void) {}

  get waiting(): boolean {
    return this.value !== undefined;
  }

  push(value: T): void {
    const now = Date.now();
    if (!this.value) this.first = now;
    this.value = { now: value };
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), Math.min(PAUSE, Math.max(0, this.first + LONGEST - now)));
  }

  /** Passes on what waits, at once. */
  flush(): void {
    clearTimeout(this.timer);
    const waiting = this.value;
    this.value = undefined;
    if (waiting) this.pass(waiting.now);
  }
}
