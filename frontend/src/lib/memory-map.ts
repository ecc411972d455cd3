import type { MemoryDot, MemoryMap } from "./api.gen";
import { number } from "./format";

/** Room round the dots, in pixels. */
const PAD = 14;

/** How near a pointer must be to mean a dot, in pixels. */
const REACH = 14;

interface Box {
  width: number;
  height: number;
}

/** Where a place of the unit square lies in a box; y grows upwards in the square. */
export function placeIn(box: Box, x: number, y: number): { x: number; y: number } {
  return { x: PAD + x * (box.width - 2 * PAD), y: box.height - PAD - y * (box.height - 2 * PAD) };
}

/** The dot nearest to a point of the box, within reach. */
export function nearest(dots: readonly MemoryDot[], box: Box, x: number, y: number): MemoryDot | undefined {
  let best: MemoryDot | undefined;
  let reach = REACH;
  for (const dot of dots) {
    const at = placeIn(box, dot.x, dot.y);
    const d = Math.hypot(at.x - x, at.y - y);
    if (d < reach) {
      reach = d;
      best = dot;
    }
  }
  return best;
}

/** The dot under a pointer. */
export function nearestDot(
  canvas: HTMLCanvasElement,
  map: MemoryMap,
  x: number,
  y: number,
): MemoryDot | undefined {
  const r = canvas.getBoundingClientRect();
  return nearest(map.dots ?? [], r, x - r.left, y - r.top);
}

/** Draws the density of the entries that are no dots, the dots, and the chosen one. */
export function drawMap(canvas: HTMLCanvasElement, map: MemoryMap, chosen: string): void {
  const scale = window.devicePixelRatio || 1;
  const box = { width: canvas.clientWidth, height: canvas.clientHeight };
  canvas.width = Math.round(box.width * scale);
  canvas.height = Math.round(box.height * scale);
  const g = canvas.getContext("2d");
  if (!g) return;
  g.scale(scale, scale);
  const style = getComputedStyle(canvas);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  shade(g, map.grid ?? [], box, colour("--live"));
  const dots = map.dots ?? [];
  const size = dots.length > 1500 ? 1.6 : dots.length > 300 ? 2.6 : 4;
  g.globalAlpha = dots.length > 300 ? 0.7 : 0.9;
  g.strokeStyle = g.fillStyle = colour("--live");
  for (const dot of dots) {
    const at = placeIn(box, dot.x, dot.y);
    g.beginPath();
    g.arc(at.x, at.y, size + Math.min(3, Math.sqrt(dot.read) / 2), 0, 2 * Math.PI);
    if (number(dot.value) < 0) g.stroke();
    else g.fill();
  }
  g.globalAlpha = 1;
  const mine = dots.find((d) => d.id === chosen);
  if (mine) ring(g, placeIn(box, mine.x, mine.y), colour("--hot"));
}

function shade(
  g: CanvasRenderingContext2D,
  grid: readonly (number[] | null)[],
  box: Box,
  colour: string,
): void {
  const most = Math.max(1, ...grid.map((row) => Math.max(0, ...(row ?? []))));
  g.fillStyle = colour;
  grid.forEach((row, r) => {
    (row ?? []).forEach((n, c) => {
      if (n === 0) return;
      const width = row?.length ?? 1;
      const a = placeIn(box, c / width, (r + 1) / grid.length);
      const b = placeIn(box, (c + 1) / width, r / grid.length);
      g.globalAlpha = 0.06 + 0.34 * Math.sqrt(n / most);
      g.fillRect(a.x, a.y, b.x - a.x, b.y - a.y);
    });
  });
  g.globalAlpha = 1;
}

function ring(g: CanvasRenderingContext2D, at: { x: number; y: number }, colour: string): void {
  g.strokeStyle = colour;
  g.lineWidth = 2.5;
  g.beginPath();
  g.arc(at.x, at.y, 10, 0, 2 * Math.PI);
  g.stroke();
}
