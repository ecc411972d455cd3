import type { Float } from "../../lib/api.gen";
import { number } from "../../lib/format";

interface Props {
  value: Float;
  low: Float;
  high: Float;
  /** The thresholds of the claim. */
  bounds: readonly number[];
}

const WIDTH = 140;

/** The interval against its bound on a small line. The numbers stand beside it; this only shows how far apart they are. */
export function Interval({ value, low, high, bounds }: Props) {
  const [mean, lo, hi] = [number(value), number(low), number(high)];
  const known = [mean, lo, hi, ...bounds].filter(Number.isFinite);
  if (!Number.isFinite(mean)) return null;
  const min = Math.min(0, ...known);
  const max = Math.max(0, ...known);
  const x = (v: number) => 6 + ((v - min) / (max - min || 1)) * (WIDTH - 12);
  return (
    <svg className="interval" width={WIDTH} height="18" viewBox={`0 0 ${WIDTH} 18`} aria-hidden="true">
      <line x1="0" x2={WIDTH} y1="9" y2="9" className="interval-axis" />
      {bounds.map((b) => (
        <line key={b} x1={x(b)} x2={x(b)} y1="1" y2="17" className="interval-bound" />
      ))}
      {Number.isFinite(lo) && <line x1={x(lo)} x2={x(hi)} y1="9" y2="9" className="interval-band" />}
      <circle cx={x(mean)} cy="9" r="4" className="interval-value" />
    </svg>
  );
}
