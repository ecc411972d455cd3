/** The points of one series in one growing array, so that a new point copies nothing but itself. */
export class Points {
  private buffer: Float64Array;
  private used: number;

  /** Takes the points as JSON brings them: gaps are the text "NaN". */
  constructor(xy: ArrayLike<number | string> = []) {
    this.buffer = Float64Array.from(xy, Number);
    this.used = this.buffer.length;
  }

  /** Number of points. */
  get length(): number {
    return this.used / 2;
  }

  /** Interleaved x0, y0, x1, y1, ...; valid until the next write. */
  view(): Float64Array {
    return this.buffer.subarray(0, this.used);
  }

  /** Replaces everything from point "from" on. A gap before "from" cannot be filled and is refused. */
  write(from: number, xy: Float64Array): boolean {
    const at = from * 2;
    if (at > this.used) return false;
    this.reserve(at + xy.length);
    this.buffer.set(xy, at);
    this.used = at + xy.length;
    return true;
  }

  private reserve(size: number): void {
    if (size <= this.buffer.length) return;
    const grown = new Float64Array(Math.max(size, this.buffer.length * 2, 256));
    grown.set(this.buffer.subarray(0, this.used));
    this.buffer = grown;
  }
}
