import type { Chart } from "./api.gen";
import { record, seriesOf, type Option } from "./chart-theme";
import type { Mode } from "./theme";

/** How an arm looks in a chart, for its legend. */
export interface ArmLook {
  name: string;
  colour: string;
  /** Dashes as SVG has them, "" for a line drawn through. */
  dash: string;
  shape: string;
}

/** Ground text: what an arm above the eighteenth takes while it is pointed at. */
const POINTED: Record<Mode, string> = { light: "#14171A", dark: "#E8EAED" };
const BEYOND = ["#6B7580", "#98A2AD"];

/** The arms of a chart whose points travel apart from its option, in the order in which they are drawn. */
export function armsOf(chart: Chart): ArmLook[] {
  const options = seriesOf((chart.option ?? {}) as Option);
  return (chart.series ?? [])
    .filter((s) => s.role === "mean")
    .map((s) => {
      const one = options[s.index] ?? {};
      const line = record(one["lineStyle"]);
      const type = line["type"];
      return {
        name: s.name,
        colour: String(line["color"] ?? ""),
        dash: Array.isArray(type) ? type.join(" ") : "",
        shape: typeof one["symbol"] === "string" ? one["symbol"] : "circle",
      };
    });
}

/** A series as it looks while an arm stands in front: that arm stronger, the others faint. */
export function dressed(one: Option, front: string, mode: Mode): Option {
  const line = record(one["lineStyle"]);
  const area = record(one["areaStyle"]);
  const mine = one["name"] === front;
  const opacity = typeof line["opacity"] === "number" ? line["opacity"] : 1;
  const width = typeof line["width"] === "number" ? line["width"] : 1;
  const faint = front !== "" && !mine;
  const grey = mine && BEYOND.includes(String(line["color"]));
  const z = typeof one["z"] === "number" ? one["z"] : 2;
  return {
    ...one,
    z: front !== "" && mine ? z + 10 : z,
    lineStyle: {
      ...line,
      opacity: faint ? opacity * 0.2 : mine && opacity > 0 ? Math.max(opacity, 0.6) : opacity,
      width: mine ? width + 0.5 : width,
      ...(grey ? { color: POINTED[mode] } : {}),
    },
    itemStyle: { ...record(one["itemStyle"]), opacity: faint ? 0.25 : 1 },
    ...(one["areaStyle"] === undefined
      ? {}
      : { areaStyle: { ...area, opacity: Number(area["opacity"] ?? 0) * (faint ? 0.3 : 1) } }),
  };
}
