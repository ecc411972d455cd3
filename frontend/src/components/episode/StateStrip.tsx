import type { Float } from "../../lib/api.gen";
import { number, shown } from "../../lib/format";

const ACROSS = 32;
const CELL = 9;

/** The state that the policy carries, as a picture: one cell a number, from faint (least) to strong (largest). */
export function StateStrip({ state }: { state: Float[] }) {
  const values = state.map(number);
  const finite = values.filter(Number.isFinite);
  const lo = Math.min(...finite);
  const hi = Math.max(...finite);
  const rows = Math.ceil(values.length / ACROSS);
  const across = Math.min(ACROSS, values.length);
  const words = `state: ${values.length} numbers from ${shown(lo)} to ${shown(hi)}`;
  return (
    <figure className="state-strip">
      <svg
        role="img"
        aria-label={words}
        viewBox={`0 0 ${across * CELL} ${rows * CELL}`}
        width={across * CELL}
        height={rows * CELL}
      >
        {values.map((v, i) => (
          <rect
            key={i}
            x={(i % ACROSS) * CELL}
            y={Math.floor(i / ACROSS) * CELL}
            width={CELL - 1}
            height={CELL - 1}
            className={Number.isFinite(v) ? "state-cell" : "state-gap"}
            opacity={Number.isFinite(v) && hi > lo ? 0.06 + 0.94 * ((v - lo) / (hi - lo)) : 0.5}
          >
            <title>{`${i}: ${shown(v)}`}</title>
          </rect>
        ))}
      </svg>
      <figcaption className="fine">{words}, faint to strong</figcaption>
    </figure>
  );
}
