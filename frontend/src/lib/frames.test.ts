import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Float } from "./api.gen";
import { number } from "./format";
import { decodeFrame } from "./frames";

/** One series of two points on the topic "chart:a#b@fast", number 7, written by hand from the description of package chart. */
function sample(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(16 + 16 + 8 + 16 + 32);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode("LCF1"), 0);
  view.setUint32(4, 14, true);
  view.setBigUint64(8, 7n, true);
  bytes.set(new TextEncoder().encode("chart:a#b@fast"), 16);
  view.setUint32(32, 1, true);
  view.setUint32(40, 3, true);
  view.setUint32(44, 5, true);
  view.setUint32(48, 2, true);
  [1.5, NaN, 2, -0.25].forEach((v, i) => view.setFloat64(56 + 8 * i, v, true));
  return bytes;
}

describe("a frame", () => {
  test("brings points to their place in their series", () => {
    const frame = decodeFrame(sample().buffer);
    expect(frame).toMatchObject({ topic: "chart:a#b@fast", number: 7 });
    expect(frame.series.map((s) => [s.index, s.from, [...s.xy]])).toEqual([[3, 5, [1.5, NaN, 2, -0.25]]]);
  });

  test("that is cut anywhere, or goes on too long, is refused", () => {
    const whole = sample();
    for (let n = 0; n < whole.length; n++)
      expect(() => decodeFrame(whole.slice(0, n).buffer), `${n} bytes`).toThrow();
    const long = new Uint8Array(whole.length + 8);
    long.set(whole);
    expect(() => decodeFrame(long.buffer)).toThrow();
  });

  test("of another kind is refused", () => {
    const other = sample();
    other[3] = 50;
    expect(() => decodeFrame(other.buffer)).toThrow();
  });
});

interface Golden {
  frames: {
    offset: number;
    length: number;
    topic: string;
    number: number;
    series: { index: number; from: number; xy: Float[] }[];
  }[];
}

describe("the frames that the Go tests write", () => {
  const folder = join(import.meta.dirname, "../../../backend/chart/testdata");
  const bytes = Uint8Array.from(readFileSync(join(folder, "frames.bin")));
  const { frames } = JSON.parse(readFileSync(join(folder, "frames.json"), "utf8")) as Golden;

  test("are there", () => expect(frames.length).toBeGreaterThan(0));

  test.each(frames)("read the same here: $topic", ({ offset, length, topic, number: n, series }) => {
    const frame = decodeFrame(bytes.slice(offset, offset + length).buffer);
    expect({ topic: frame.topic, number: frame.number }).toEqual({ topic, number: n });
    const read = frame.series.map((s) => ({ ...s, xy: [...s.xy] }));
    expect(read).toEqual(series.map((s) => ({ ...s, xy: s.xy.map(number) })));
  });
});
