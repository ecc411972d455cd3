import { useState } from "react";
import type { MemoryGraph, MemoryNode } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { count, plural } from "../../lib/format";
import { useSteady } from "../../lib/memory-data";
import { useResource } from "../../lib/resource";
import { Button } from "../common/Button";
import { Empty } from "../common/Empty";
import { FailureBox } from "../common/FailureBox";
import { Loading } from "../common/Loading";

interface Props {
  run: string;
  bank: string;
  at: number;
  query: string;
  entry: string;
  onOpen: (id: string) => void;
}

const W = 900;
const H = 560;
const PAD = 34;

/** Entries with their sources and merges, and those that were read together. */
export function GraphView({ run, bank, at, query, entry, onOpen }: Props) {
  const { transport } = useApp();
  const [around, setAround] = useState(false);
  const focus = around ? entry : "";
  const resource = useResource<MemoryGraph>(`graph ${run} ${bank} ${at} ${query} ${focus}`, (signal) =>
    transport.get(`run/${run}/memory/graph`, { bank, at, q: query, entry: focus }, signal),
  );
  const graph = useSteady(resource, `${run} ${bank}`);
  if (resource.error && !graph)
    return (
      <FailureBox failure={resource.error} what="the graph could not be drawn" onRetry={resource.reload} />
    );
  if (!graph) return <Loading what="the graph" lines={8} />;
  const nodes = graph.nodes ?? [];
  const lines = graph.lines ?? [];
  if (nodes.length === 0) return <Empty text="No entry matches at this moment." />;
  const kinds = new Set(lines.map((l) => l.kind));
  const place = (n: MemoryNode) => ({ x: PAD + n.x * (W - 2 * PAD), y: PAD + n.y * (H - 2 * PAD) });
  return (
    <figure className="graph">
      <svg
        viewBox={`0 0 ${W} ${H}`}
        role="group"
        aria-label={`graph of ${plural(nodes.length, "entry", "entries")}`}
      >
        {lines.map((l, i) => {
          const from = nodes[l.from];
          const to = nodes[l.to];
          if (!from || !to) return null;
          const a = place(from);
          const b = place(to);
          return (
            <line
              key={i}
              className={`graph-line graph-${l.kind}`}
              x1={a.x}
              y1={a.y}
              x2={b.x}
              y2={b.y}
              strokeWidth={l.kind === "together" ? Math.min(4, 0.6 + 0.4 * l.weight) : 1.6}
            />
          );
        })}
        {nodes.map((n) => (
          <Node
            key={n.id + n.gone}
            node={n}
            {...place(n)}
            named={nodes.length <= 90}
            selected={n.id === entry}
            onOpen={onOpen}
          />
        ))}
      </svg>
      <figcaption className="fine">
        {plural(nodes.length, "entry", "entries")}
        {graph.left > 0 && ` shown, ${count(graph.left)} more are not: the most read ones come first`}
        {kinds.has("source") && " · line: made of"}
        {kinds.has("merge") && " · double dash: merged into"}
        {kinds.has("together") && " · dotted: read together, thicker the more often"}
        {kinds.size === 0 && " · no entry has a source among the others, and none were read together yet"}
        {" · larger: read more often"}
        {entry !== "" && (
          <Button look="quiet" pressed={around} onClick={() => setAround(!around)}>
            Only round {entry}
          </Button>
        )}
      </figcaption>
    </figure>
  );
}

interface NodeProps {
  node: MemoryNode;
  x: number;
  y: number;
  named: boolean;
  selected: boolean;
  onOpen: (id: string) => void;
}

function Node({ node, x, y, named, selected, onOpen }: NodeProps) {
  const r = named
    ? 5 + Math.min(9, 1.6 * Math.sqrt(node.read))
    : 2.5 + Math.min(5, 0.7 * Math.sqrt(node.read));
  return (
    <g
      className={`graph-node${node.gone ? " graph-gone" : ""}${selected ? " graph-chosen" : ""}`}
      role="button"
      tabIndex={0}
      aria-label={`entry ${node.id}: ${node.text}, read ${node.read} times`}
      aria-pressed={selected}
      onClick={() => onOpen(node.id)}
      onKeyDown={(event) => {
        if (event.key === "Enter" || event.key === " ") onOpen(node.id);
      }}
    >
      <title>{`${node.id}: ${node.text}`}</title>
      <circle className="graph-target" cx={x} cy={y} r={16} />
      <circle cx={x} cy={y} r={r} />
      {(named || selected) && (
        <text x={x} y={y - r - 4}>
          {node.id}
        </text>
      )}
    </g>
  );
}
