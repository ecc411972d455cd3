import type { Mark, Scene } from "../../lib/api.gen";
import { useStore } from "../../lib/store";
import { armColour, mode, type Mode } from "../../lib/theme";

const CELL = 20;

/** A picture of a step: marks on a grid, in our own colours. Shape and letter carry the meaning. */
export function SceneView({ scene, size, label }: { scene: Scene; size: number; label: string }) {
  const ground = useStore(mode);
  const width = Math.max(1, scene.w) * CELL;
  const height = Math.max(1, scene.h) * CELL;
  return (
    <svg
      className="scene"
      role="img"
      aria-label={label}
      viewBox={`0 0 ${width} ${height}`}
      style={{ width: Math.min(size * (width / Math.max(width, height)), size * 4), maxHeight: size }}
    >
      <rect width={width} height={height} className="scene-ground" />
      {(scene.marks ?? []).map((m, i) => (
        <g key={i} transform={`translate(${m.x * CELL} ${m.y * CELL})`}>
          {shape(m, ground)}
          {m.label && <Label mark={m} />}
        </g>
      ))}
    </svg>
  );
}

function Label({ mark }: { mark: Mark }) {
  const solid = mark.shape === "cube" || mark.shape === "agent";
  return (
    <text x={CELL / 2} y={CELL / 2} className={solid ? "scene-label scene-label-on" : "scene-label"}>
      {mark.label?.slice(0, 2)}
    </text>
  );
}

/** Tone 1 is the first arm's colour; 0 leaves the colour to the shape. */
function tone(mark: Mark, ground: Mode): string | undefined {
  return mark.tone ? armColour(mark.tone - 1, ground) : undefined;
}

function shape(mark: Mark, ground: Mode) {
  const colour = tone(mark, ground);
  const fill = colour ? { fill: colour } : {};
  const stroke = colour ? { stroke: colour } : {};
  switch (mark.shape) {
    case "wall":
      return <rect width={CELL} height={CELL} className="scene-wall" />;
    case "floor":
      return <rect x="0.5" y="0.5" width={CELL - 1} height={CELL - 1} className="scene-floor" />;
    case "agent":
      return <circle cx="10" cy="10" r="7" className="scene-agent" style={fill} />;
    case "goal":
      return (
        <path
          d="M10 2l2.4 5 5.5.8-4 3.9 1 5.5-4.9-2.6-4.9 2.6 1-5.5-4-3.9 5.5-.8z"
          className="scene-goal"
          style={fill}
        />
      );
    case "cue":
      return <path d="M10 2l8 8-8 8-8-8z" className="scene-cue" style={stroke} />;
    case "cube":
      return <rect x="3" y="3" width="14" height="14" rx="2" className="scene-cube" style={fill} />;
    case "ghost":
      return <rect x="3.5" y="3.5" width="13" height="13" rx="2" className="scene-ghost" style={stroke} />;
    case "arrow-up":
      return <path d="M10 17V4M4.5 9.5L10 4l5.5 5.5" className="scene-arrow" style={stroke} />;
    case "arrow-down":
      return <path d="M10 3v13M4.5 10.5L10 16l5.5-5.5" className="scene-arrow" style={stroke} />;
    default:
      return <rect x="6" y="6" width="8" height="8" className="scene-unknown" />;
  }
}
