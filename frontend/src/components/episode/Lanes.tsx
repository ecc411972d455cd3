import { memo } from "react";
import { memoryMarks, type Column } from "../../lib/inspect-lanes";

interface Props {
  columns: readonly Column[];
  here: number;
  width: number;
  differs: boolean;
}

/** Heights of the lanes, in pixels; the names beside them have the same. */
const LANE = { reward: 26, context: 26, memory: 30, errors: 18, differs: 16 };

/** From this width on a column has room for a mark that can be read. */
const WIDE = 11;

/** The lanes of an episode as one picture. What it shows is said by the slider around it and by the sentence below. */
export const Lanes = memo(function Lanes({ columns, here, width, differs }: Props) {
  const w = width / Math.max(1, columns.length);
  const wide = w >= WIDE;
  const tops = { reward: 0, context: LANE.reward, memory: LANE.reward + LANE.context };
  const errorTop = tops.memory + LANE.memory;
  const differTop = errorTop + LANE.errors;
  const height = differTop + (differs ? LANE.differs : 0);
  return (
    <svg width={width} height={height} aria-hidden="true" focusable="false" className="bar-svg">
      <rect className="bar-now" x={here * w} width={Math.max(3, w)} height={height} rx="2" />
      {[tops.context, tops.memory, errorTop, ...(differs ? [differTop] : [])].map((y) => (
        <line key={y} className="bar-line" x1="0" x2={width} y1={y} y2={y} />
      ))}
      <Reward columns={columns} w={w} wide={wide} />
      {columns.every((c) => c.context < 0) && (
        <text className="bar-none" x="4" y={tops.context + 17}>
          no context was kept
        </text>
      )}
      {columns.every((c) => c.reads + c.writes + c.changes + c.deletes === 0) && (
        <text className="bar-none" x="4" y={tops.memory + 19}>
          no memory operation
        </text>
      )}
      <ContextLane columns={columns} w={w} top={tops.context} />
      <MemoryLane columns={columns} w={w} wide={wide} top={tops.memory} />
      <Marks columns={columns} w={w} wide={wide} top={errorTop} height={LANE.errors} mark="!" name="errors" />
      {differs && (
        <Marks
          columns={columns}
          w={w}
          wide={wide}
          top={differTop}
          height={LANE.differs}
          mark="≠"
          name="differ"
        />
      )}
      <rect
        className="bar-cursor"
        x={here * w + 0.75}
        y="0.75"
        width={Math.max(3, w) - 1.5}
        height={height - 1.5}
        rx="2"
      />
    </svg>
  );
});

/** Reward: bars up and down from the line of zero; a dot where it is zero and there is room. */
function Reward({ columns, w, wide }: { columns: readonly Column[]; w: number; wide: boolean }) {
  const most = columns.reduce((m, c) => Math.max(m, Math.abs(c.lo) || 0, Math.abs(c.hi) || 0), 0) || 1;
  const down = columns.some((c) => c.lo < 0);
  const zero = down ? LANE.reward / 2 : LANE.reward - 5;
  const room = down ? LANE.reward / 2 - 3 : LANE.reward - 9;
  let up = "";
  let below = "";
  let dots = "";
  const bar = Math.max(2, Math.min(8, w - 2));
  columns.forEach((c, i) => {
    const x = i * w + (w - bar) / 2;
    if (c.hi > 0)
      up += rect(x, zero - Math.max(2, (c.hi / most) * room), bar, Math.max(2, (c.hi / most) * room));
    if (c.lo < 0) below += rect(x, zero, bar, Math.max(2, (-c.lo / most) * room));
    if (wide && c.hi === 0 && c.lo === 0) dots += rect(i * w + w / 2 - 1, zero - 1, 2, 2);
  });
  return (
    <>
      <path className="bar-dot" d={wide ? dots : `M0 ${zero}H${(columns.length * w).toFixed(1)}v0.6H0z`} />
      <path className="bar-plus" d={up} />
      <path className="bar-minus" d={below} />
    </>
  );
}

/** Context: bars against the limit, whose line stands on top; a dark cap where something was dropped. */
function ContextLane({ columns, w, top }: { columns: readonly Column[]; w: number; top: number }) {
  const most = columns.reduce((m, c) => Math.max(m, c.limit, c.context), 1);
  const limit = columns.reduce((m, c) => Math.max(m, c.limit), 0);
  const room = LANE.context - 6;
  const base = top + LANE.context - 2;
  let bars = "";
  let caps = "";
  const gap = w >= 5 ? 1 : 0;
  columns.forEach((c, i) => {
    if (c.context < 0) return;
    const h = Math.max(1, (c.context / most) * room);
    bars += rect(i * w + gap, base - h, w - 2 * gap, h);
    if (c.dropped > 0) caps += rect(i * w + gap, base - h - 3, w - 2 * gap, 3);
  });
  const y = base - (limit / most) * room;
  return (
    <>
      {limit > 0 && <line className="bar-limit" x1="0" x2={columns.length * w} y1={y} y2={y} />}
      <path className="bar-context" d={bars} />
      <path className="bar-dropped" d={caps} />
    </>
  );
}

/** Memory: reads above, what changed it below; as marks where they can be read, else as ticks. */
function MemoryLane({
  columns,
  w,
  wide,
  top,
}: {
  columns: readonly Column[];
  w: number;
  wide: boolean;
  top: number;
}) {
  if (wide) {
    return (
      <>
        {columns.map((c, i) => {
          const { above, below } = memoryMarks(c);
          return above || below ? (
            <g key={i} className="bar-marks">
              {above && (
                <text x={i * w + w / 2} y={top + 15}>
                  {above}
                </text>
              )}
              {below && (
                <text x={i * w + w / 2} y={top + 26} fontSize={below.length > 1 && w < 22 ? 9 : 13}>
                  {below}
                </text>
              )}
            </g>
          ) : null;
        })}
      </>
    );
  }
  let reads = "";
  let writes = "";
  const tick = Math.max(1.5, w - 1);
  columns.forEach((c, i) => {
    if (c.reads > 0) reads += rect(i * w, top + 4, tick, 9);
    if (c.writes + c.changes + c.deletes > 0) writes += rect(i * w, top + 17, tick, 9);
  });
  return (
    <>
      <path className="bar-read" d={reads} />
      <path className="bar-write" d={writes} />
    </>
  );
}

interface MarksProps {
  columns: readonly Column[];
  w: number;
  wide: boolean;
  top: number;
  height: number;
  mark: string;
  name: "errors" | "differ";
}

function Marks({ columns, w, wide, top, height, mark, name }: MarksProps) {
  const tick = Math.max(2, w - 1);
  return wide ? (
    <>
      {columns.map((c, i) =>
        c[name] > 0 ? (
          <text key={i} className={`bar-mark bar-${name}`} x={i * w + w / 2} y={top + height - 4}>
            {mark}
          </text>
        ) : null,
      )}
    </>
  ) : (
    <path
      className={`bar-${name}`}
      d={columns.map((c, i) => (c[name] > 0 ? rect(i * w, top + 4, tick, height - 8) : "")).join("")}
    />
  );
}

function rect(x: number, y: number, w: number, h: number): string {
  return `M${x.toFixed(1)} ${y.toFixed(1)}h${w.toFixed(1)}v${h.toFixed(1)}h${(-w).toFixed(1)}z`;
}
