import type { ArmLook } from "../../lib/chart-arms";

interface Props {
  arms: readonly ArmLook[];
  hidden: ReadonlySet<string>;
  onHide: (arm: string) => void;
  /** Called with the arm to bring forward, "" for none. */
  onBring: (arm: string) => void;
}

/** The arms of a chart as buttons: pointing at one or giving it the focus brings it forward, pressing hides it. */
export function ChartLegend({ arms, hidden, onHide, onBring }: Props) {
  if (arms.length < 2) return null;
  return (
    <ul className="chart-legend" aria-label="arms">
      {arms.map((arm) => (
        <li key={arm.name}>
          <button
            type="button"
            className="legend-arm"
            aria-pressed={!hidden.has(arm.name)}
            title={hidden.has(arm.name) ? "hidden: press to show" : "press to hide"}
            onClick={() => onHide(arm.name)}
            onPointerEnter={() => onBring(arm.name)}
            onPointerLeave={() => onBring("")}
            onFocus={() => onBring(arm.name)}
            onBlur={() => onBring("")}
          >
            <svg className="swatch" width="26" height="12" viewBox="0 0 26 12" aria-hidden="true">
              <line
                x1="0"
                y1="6"
                x2="26"
                y2="6"
                stroke={arm.colour}
                strokeWidth="2.5"
                strokeDasharray={arm.dash}
              />
              <Shape shape={arm.shape} colour={arm.colour} />
            </svg>
            {arm.name}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** The shape of an arm's points, as charts draw it. */
function Shape({ shape, colour }: { shape: string; colour: string }) {
  switch (shape) {
    case "rect":
      return <rect x="9.5" y="2.5" width="7" height="7" fill={colour} />;
    case "roundRect":
      return <rect x="9.5" y="2.5" width="7" height="7" rx="2.5" fill={colour} />;
    case "triangle":
      return <path d="M13 1.5l4.2 8H8.8z" fill={colour} />;
    case "diamond":
      return <path d="M13 1l5 5-5 5-5-5z" fill={colour} />;
    case "pin":
      return <path d="M13 11L9.4 5.4a3.7 3.7 0 1 1 7.2 0z" fill={colour} />;
    default:
      return <circle cx="13" cy="6" r="3.6" fill={colour} />;
  }
}
