import { describe, expect, test } from "vitest";
import { Flusher, PER_FRAME } from "./flush";
import { Points } from "./points";

describe("points of a series", () => {
  test("are added at the end without losing the earlier ones", () => {
    const points = new Points([0, 1]);
    for (let i = 1; i < 2000; i++) points.write(i, Float64Array.of(i, i * i));
    expect(points.length).toBe(2000);
    expect([...points.view().slice(0, 4), ...points.view().slice(-2)]).toEqual([
      0,
      1,
      1,
      1,
      1999,
      1999 * 1999,
    ]);
  });
  test("are replaced from a place on, which also shortens them", () => {
    const points = new Points([0, 0, 1, 1, 2, 2]);
    expect(points.write(1, Float64Array.of(9, 9))).toBe(true);
    expect([...points.view()]).toEqual([0, 0, 9, 9]);
  });
  test("with a hole before them are refused", () => {
    const points = new Points([0, 0]);
    expect(points.write(3, Float64Array.of(3, 3))).toBe(false);
    expect(points.length).toBe(1);
  });
});

function frames(pause = 0) {
  const asked: (() => void)[] = [];
  let now = 0;
  const flusher = new Flusher({ frame: (run) => asked.push(run), now: () => now, pause: () => pause });
  const next = (ms = 16) => {
    now += ms;
    asked.shift()?.();
  };
  return { flusher, asked, next };
}

describe("drawing", () => {
  test("happens once a frame however often a chart was marked, and not at all when nothing changed", () => {
    const { flusher, asked, next } = frames();
    let drawn = 0;
    const chart = { draw: () => (drawn++, 10) };
    flusher.mark(chart);
    flusher.mark(chart);
    expect(asked.length).toBe(1);
    next();
    expect(drawn).toBe(1);
    expect(asked.length).toBe(0);
  });
  test("stops at the limit of a frame and goes on in the next", () => {
    const { flusher, next } = frames();
    const order: string[] = [];
    for (const name of ["a", "b", "c"]) flusher.mark({ draw: () => (order.push(name), PER_FRAME / 2) });
    next();
    expect(order).toEqual(["a", "b"]);
    next();
    expect(order).toEqual(["a", "b", "c"]);
  });
  test("that is slow takes at most a fifth of the time", () => {
    let now = 0;
    const asked: (() => void)[] = [];
    const flusher = new Flusher({ frame: (run) => asked.push(run), now: () => now, pause: () => 0 });
    let drawn = 0;
    const chart = { draw: () => ((now += 40), drawn++, 1) };
    for (let i = 0; i < 100; i++) {
      flusher.mark(chart);
      now += 16;
      asked.shift()?.();
    }
    expect(drawn).toBeGreaterThan(5);
    expect((drawn * 40) / now).toBeLessThan(0.21);
  });
  test("with reduced motion happens once a second", () => {
    const { flusher, next } = frames(1000);
    let drawn = 0;
    const chart = { draw: () => (drawn++, 1) };
    flusher.mark(chart);
    next();
    flusher.mark(chart);
    for (let i = 0; i < 10; i++) next(16);
    expect(drawn).toBe(1);
    next(1000);
    expect(drawn).toBe(2);
  });
});
