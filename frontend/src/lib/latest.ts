/** Does one piece of work at a time. What is asked for meanwhile waits, and only the newest of it is done. */
export class Latest<T> {
  private waiting: { wish: T } | undefined;
  private busy = false;
  private over = false;

  constructor(private readonly work: (wish: T) => Promise<void>) {}

  ask(wish: T): void {
    if (this.over) return;
    this.waiting = { wish };
    if (!this.busy) void this.next();
  }

  /** Forgets what waits. */
  stop(): void {
    this.over = true;
    this.waiting = undefined;
  }

  private async next(): Promise<void> {
    this.busy = true;
    while (this.waiting) {
      const { wish } = this.waiting;
      this.waiting = undefined;
      await this.work(wish);
    }
    this.busy = false;
  }
}
