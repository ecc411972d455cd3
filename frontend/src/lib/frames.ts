/** Points for the series of one chart. */
export interface Frame {
  topic: string;
  number: number;
  series: SeriesPoints[];
}

/** Points of one series: they replace what stands from point "from" on; without any, what stands is cut there. */
export interface SeriesPoints {
  index: number;
  from: number;
  /** Interleaved x0, y0, x1, y1, ...; NaN is a gap. */
  xy: Float64Array;
}

const MAGIC = "LCF1";
const HEAD = 16;

/** Bytes of a float64, and the border at which everything in a frame begins. */
const WORD = 8;

/** Typed arrays read in the order of the machine; frames are little-endian. */
const NATIVE = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Reads a binary frame as package chart writes it. What does not end where it says is refused. */
export function decodeFrame(data: ArrayBuffer): Frame {
  if (data.byteLength < HEAD + WORD || text(data, 0, 4) !== MAGIC) throw broken(data);
  const view = new DataView(data);
  const topicLength = view.getUint32(4, true);
  const number = Number(view.getBigUint64(8, true));
  let at = HEAD + Math.ceil(topicLength / WORD) * WORD;
  if (at + WORD > data.byteLength) throw broken(data);
  const topic = text(data, HEAD, topicLength);
  const count = view.getUint32(at, true);
  at += WORD;
  const series: SeriesPoints[] = [];
  for (let i = 0; i < count; i++) {
    if (at + 2 * WORD > data.byteLength) throw broken(data);
    const points = view.getUint32(at + 8, true);
    const end = at + 2 * WORD + points * 2 * WORD;
    if (end > data.byteLength) throw broken(data);
    series.push({
      index: view.getUint32(at, true),
      from: view.getUint32(at + 4, true),
      xy: floats(data, at + 2 * WORD, points * 2),
    });
    at = end;
  }
  if (at !== data.byteLength) throw broken(data);
  return { topic, number, series };
}

function text(data: ArrayBuffer, from: number, length: number): string {
  return new TextDecoder().decode(new Uint8Array(data, from, length));
}

function floats(data: ArrayBuffer, from: number, length: number): Float64Array {
  if (NATIVE) return new Float64Array(data, from, length);
  const view = new DataView(data, from, length * WORD);
  return Float64Array.from({ length }, (_, i) => view.getFloat64(i * WORD, true));
}

function broken(data: ArrayBuffer): Error {
  return new Error(`a frame of ${data.byteLength} bytes cannot be read`);
}
