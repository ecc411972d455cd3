import type { Mark, Scene } from "../../lib/api.gen";
import { useStore } from "../../lib/store";
import { armColour, mode, type Mode } from "../../lib/theme";

const CELL = 20;

interface Props {
  scene: Scene;
  /** Largest width and height in pixels. */
  width: number;
  height: number;
  /** What the picture says; "" where words beside it say so. */
  label: string;
}

/** A picture of a step: marks on a grid, in our own colours. Shape and letter carry the meaning. */
export function SceneView({ scene, width, height, label }: Props) {
  const ground = useStore(mode);
  const w = Math.max(1, scene.w) * CELL;
  const h = Math.max(1, scene.h) * CELL;
  const scale = Math.min(width / w, height / h);
  return (
    <svg
      className="scene"
      role="img"
      aria-label={label || undefined}
      aria-hidden={label === ""}
      viewBox={`0 0 ${w} ${h}`}
      width={Math.round(w * scale)}
      height={Math.round(h * scale)}
    >
      <rect width={w} height={h} className="scene-ground" />
      {(scene.marks ?? []).map((m, i) => (
        <g key={i} transform={`translate(${m.x * CELL} ${m.y * CELL})`}>
          {m.label && <title>{m.label}</title>}
          {shape(m, ground)}
          {m.label && !m.shape.startsWith("arrow") && <Label mark={m} text={m.label} />}
        </g>
      ))}
    </svg>
  );
}

/** Short labels stand in their cell; of longer ones the first letter does, and the words stand below the picture. */
function Label({ mark, text }: { mark: Mark; text: string }) {
  const shown = text.length <= 5 ? text : text.slice(0, 1);
  const solid = mark.shape === "cube" || mark.shape === "agent";
  return (
    <text
      x={CELL / 2}
      y={CELL / 2}
      className={solid ? "scene-label scene-label-on" : "scene-label"}
      fontSize={Math.min(9, 24 / Math.max(2, shown.length))}
    >
      {shown}
    </text>
  );
}

/** What the marks of a picture mean, in words: "agent 1/3, goal up, ghost before: down". */
export function sceneWords(scene: Scene): string {
  const words = (scene.marks ?? []).filter((m) => m.label).map((m) => `${m.shape} ${m.label ?? ""}`);
  return [...new Set(words)].join(", ");
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
      return <circle cx="10" cy="10" r="8.5" className="scene-agent" style={fill} />;
    case "goal":
      return (
        <>
          <rect x="1.5" y="1.5" width="17" height="17" rx="3" className="scene-goal" style={stroke} />
          <rect
            x="4"
            y="4"
            width="12"
            height="12"
            rx="2"
            className="scene-goal scene-goal-inner"
            style={stroke}
          />
        </>
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
