import { describe, expect, test } from "vitest";
import { ARMS, armColour, armDash, type Mode } from "./theme";

type Triple = [number, number, number];
const GROUND: Record<Mode, string> = { light: "#FFFFFF", dark: "#14171A" };

/** Linear red, green and blue of a colour, 0 to 1. */
function linear(hex: string): Triple {
  const part = (i: number) => {
    const c = parseInt(hex.slice(i, i + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return [part(1), part(3), part(5)];
}

function contrast(a: string, b: string): number {
  const light = (hex: string) => {
    const [r, g, bl] = linear(hex);
    return 0.2126 * r + 0.7152 * g + 0.0722 * bl;
  };
  const [hi, lo] = [light(a), light(b)].sort((x, y) => y - x) as [number, number];
  return (hi + 0.05) / (lo + 0.05);
}

const times = (m: Triple[], v: Triple): Triple =>
  m.map((row) => row.reduce((s, x, i) => s + x * (v[i] ?? 0), 0)) as Triple;

// Machado, Oliveira and Fernandes, IEEE TVCG 15(6), 2009, severity 1, on linear colours.
const SIGHTS: Record<string, Triple[]> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** CIE L*a*b* under D65. */
function lab(rgb: Triple): Triple {
  const clipped = rgb.map((c) => Math.min(1, Math.max(0, c))) as Triple;
  const xyz = times(
    [
      [0.4124564, 0.3575761, 0.1804375],
      [0.2126729, 0.7151522, 0.072175],
      [0.0193339, 0.119192, 0.9503041],
    ],
    clipped,
  );
  const f = (t: number) => (t > 216 / 24389 ? Math.cbrt(t) : ((24389 / 27) * t + 16) / 116);
  const [x, y, z] = [f(xyz[0] / 0.95047), f(xyz[1]), f(xyz[2] / 1.08883)];
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** Colour difference after Sharma, Wu and Dalal, Color Research and Application 30(1), 2005. */
function ciede2000([l1, a1, b1]: Triple, [l2, a2, b2]: Triple): number {
  const rad = Math.PI / 180;
  const mean = (Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2;
  const g = 0.5 * (1 - Math.sqrt(mean ** 7 / (mean ** 7 + 25 ** 7)));
  const [p1, p2] = [a1 * (1 + g), a2 * (1 + g)];
  const [c1, c2] = [Math.hypot(p1, b1), Math.hypot(p2, b2)];
  const hue = (b: number, a: number) => (a === 0 && b === 0 ? 0 : (Math.atan2(b, a) / rad + 360) % 360);
  const [h1, h2] = [hue(b1, p1), hue(b2, p2)];
  const turn = c1 * c2 === 0 ? 0 : ((h2 - h1 + 540) % 360) - 180;
  const dh = 2 * Math.sqrt(c1 * c2) * Math.sin((turn * rad) / 2);
  const far = Math.abs(h1 - h2) > 180;
  const sum = h1 + h2;
  const h = c1 * c2 === 0 ? sum : far ? (sum < 360 ? (sum + 360) / 2 : (sum - 360) / 2) : sum / 2;
  const [l, c] = [(l1 + l2) / 2, (c1 + c2) / 2];
  const t =
    1 -
    0.17 * Math.cos((h - 30) * rad) +
    0.24 * Math.cos(2 * h * rad) +
    0.32 * Math.cos((3 * h + 6) * rad) -
    0.2 * Math.cos((4 * h - 63) * rad);
  const sl = 1 + (0.015 * (l - 50) ** 2) / Math.sqrt(20 + (l - 50) ** 2);
  const [sc, sh] = [1 + 0.045 * c, 1 + 0.015 * c * t];
  const rt =
    -Math.sin(60 * Math.exp(-(((h - 275) / 25) ** 2)) * rad) * 2 * Math.sqrt(c ** 7 / (c ** 7 + 25 ** 7));
  const [x, y, z] = [(l2 - l1) / sl, (c2 - c1) / sc, dh / sh];
  return Math.sqrt(x * x + y * y + z * z + rt * y * z);
}

test("the colour difference agrees with published pairs", () => {
  // Sharma, Wu and Dalal 2005, table 1, pairs 1, 7 and 25.
  expect(ciede2000([50, 2.6772, -79.7751], [50, 0, -82.7485])).toBeCloseTo(2.0425, 4);
  expect(ciede2000([50, 0, 0], [50, -1, 2])).toBeCloseTo(2.3669, 4);
  expect(ciede2000([60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387])).toBeCloseTo(1.2644, 4);
});

describe.each(["light", "dark"] as const)("the arms on the %s ground", (mode) => {
  test("stand out at least 3 to 1", () => {
    for (const colour of ARMS[mode]) expect(contrast(colour, GROUND[mode]), colour).toBeGreaterThanOrEqual(3);
  });
  test.each(Object.entries(SIGHTS))("are at least 20 apart for %s sight", (_, sight) => {
    const seen = ARMS[mode].map((hex) => lab(times(sight, linear(hex))));
    for (let i = 0; i < seen.length; i++)
      for (let j = 0; j < i; j++) {
        const pair = `${ARMS[mode][i]} and ${ARMS[mode][j]}`;
        // In whole units: the published matrices of the simulations differ in the second decimal.
        expect(Math.round(ciede2000(seen[i] as Triple, seen[j] as Triple)), pair).toBeGreaterThanOrEqual(20);
      }
  });
});

test("after six arms the colours come again, dashed and then dotted, and after eighteen all is grey", () => {
  expect([0, 6, 12].map((i) => armColour(i, "light"))).toEqual(Array(3).fill(ARMS.light[0]));
  expect([5, 6, 12].map(armDash)).toEqual(["", "6 3", "2 2"]);
  expect(ARMS.light).not.toContain(armColour(18, "light"));
});
