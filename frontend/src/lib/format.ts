import type { Float } from "./api.gen";

/** Reads a number as Go writes it: NaN and the infinities cross the wire as strings. */
export function number(value: Float | null | undefined): number {
  if (typeof value === "number") return value;
  if (value === "+Inf") return Infinity;
  if (value === "-Inf") return -Infinity;
  return NaN;
}

/** A value with three significant figures for reading; exports never pass here. A gap is a dash. */
export function shown(value: Float | null | undefined): string {
  const v = number(value);
  if (Number.isNaN(v)) return "–";
  if (!Number.isFinite(v)) return v > 0 ? "∞" : "−∞";
  if (v === 0) return "0";
  const size = Math.abs(v);
  const text =
    size >= 1000 || Number.isInteger(v) ? count(v) : size < 0.001 ? v.toExponential(1) : trim(v, size);
  return text.replace("-", "−");
}

function trim(v: number, size: number): string {
  return v.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2 + (size < 0.1 ? 1 : 0));
}

/** A whole number with thousands apart. */
export function count(v: number): string {
  return Math.round(v).toLocaleString("en-US");
}

/** A share as per cent. */
export function percent(share: number): string {
  const p = Math.max(0, Math.min(100, share * 100));
  return `${share < 1 && p > 99 ? 99 : Math.round(p)} %`;
}

/** "1 run", "3 runs". */
export function plural(n: number, one: string, many = one + "s"): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** Time of day, hours to seconds. */
export function clock(ms: number): string {
  const d = new Date(ms);
  return [d.getHours(), d.getMinutes(), d.getSeconds()].map((n) => String(n).padStart(2, "0")).join(":");
}

/** A length of time in words: 8 s, 3 min, 1.5 h. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return "–";
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 360) / 10} h`;
}

/** Minutes of a card: under 1 min, 7 min, 2.5 h. */
export function minutes(m: number): string {
  if (m <= 0) return "time not measured yet";
  return m < 1 ? "under 1 min" : duration(m * 60);
}

interface Unit {
  name: string;
  seconds: number;
  step: number;
}

function unitFor(hi: number): Unit {
  if (hi < 90) return { name: "s", seconds: 1, step: 5 };
  if (hi < 5400) return { name: "min", seconds: 60, step: 1 };
  return { name: "h", seconds: 3600, step: 0.5 };
}

/** Time left as a range. Negative bounds mean that nobody knows yet. */
export function timeLeft(lo: number, hi: number): string {
  if (!(lo >= 0) || !(hi >= 0)) return "time left not known yet";
  if (hi < 5) return "a few seconds left";
  const unit = unitFor(hi);
  const low = Math.floor(lo / unit.seconds / unit.step) * unit.step;
  const high = Math.max(low, Math.ceil(hi / unit.seconds / unit.step) * unit.step);
  if (low === 0) return `under ${high} ${unit.name} left`;
  if (low === high) return `about ${high} ${unit.name} left`;
  return `${low} to ${high} ${unit.name} left`;
}

/** How old news is, "" while it is fresh (2 s). */
export function age(ms: number, now: number): string {
  const seconds = (now - ms) / 1000;
  return ms <= 0 || seconds < 2 ? "" : `${duration(Math.floor(seconds))} ago`;
}

/** A run or arm name as people read it. */
export function named(...parts: (string | undefined)[]): string {
  return parts.filter((p) => p !== undefined && p !== "").join(" · ");
}

/** A size as people say it: 412 bytes, 3.1 MB. */
export function bytes(n: number): string {
  if (n < 1000) return plural(n, "byte");
  const units = ["kB", "MB", "GB", "TB"];
  let value = n / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit] ?? ""}`;
}

/** A day as this computer writes it. */
export function day(ms: number): string {
  return new Date(ms).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
}
