/** Points for the series of one chart. */
export interface Frame {
  topic: string;
  number: number;
  series: SeriesPoints[];
}

/** Points of one series: they replace what stands from point "from" on. */
export interface SeriesPoints {
  index: number;
  from: number;
  /** Interleaved x0, y0, x1, y1, ... */
  xy: Float64Array;
}

/** Reads a binary frame. */
export function decodeFrame(_data: ArrayBuffer): Frame {
  throw new Error("not yet");
}
