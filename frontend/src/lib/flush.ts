/** Something that draws itself when told to. */
export interface Drawable {
  /** Draws and says how many points were drawn. */
  draw(): number;
}

export interface FlushParts {
  frame: (run: () => void) => void;
  now: () => number;
  /** Least time between two draws in milliseconds: 0 normally, 1000 with reduced motion. */
  pause: () => number;
}

/** Points drawn in one animation frame at most: software drawing takes about 1 ms for 1,000. */
export const PER_FRAME = 12_000;

/** A draw that takes no longer, in milliseconds, leaves the frame its time. */
const QUICK = 8;

/** Of the time at most a fifth is drawing, so that the page stays at hand on a slow computer: charts move less often, and say so. */
const SHARE = 5;

/** Draws what is dirty, once per animation frame; what does not fit waits for the next frame, oldest first. */
export class Flusher {
  private readonly dirty = new Set<Drawable>();
  private asked = false;
  private last = -Infinity;
  private cost = 0;

  constructor(private readonly parts: FlushParts) {}

  mark(item: Drawable): void {
    this.dirty.add(item);
    this.ask();
  }

  forget(item: Drawable): void {
    this.dirty.delete(item);
  }

  private ask(): void {
    if (this.asked || this.dirty.size === 0) return;
    this.asked = true;
    this.parts.frame(() => this.flush());
  }

  private flush(): void {
    this.asked = false;
    const now = this.parts.now();
    if (now - this.last >= Math.max(this.parts.pause(), this.cost < QUICK ? 0 : SHARE * this.cost)) {
      this.last = now;
      this.draw();
      this.cost = this.parts.now() - now;
    }
    this.ask();
  }

  private draw(): void {
    let drawn = 0;
    for (const item of [...this.dirty]) {
      if (drawn >= PER_FRAME) return;
      this.dirty.delete(item);
      drawn += item.draw();
    }
  }
}
