import { ARMS, type Mode } from "./theme";

/** A finished ECharts option as the server sends it. */
export type Option = Record<string, unknown>;

interface Ground {
  text: string;
  muted: string;
  line: string;
  grid: string;
  panel: string;
}

const GROUNDS: Record<Mode, Ground> = {
  light: { text: "#14171A", muted: "#565F69", line: "#B4BDC6", grid: "#E9ECEF", panel: "#FFFFFF" },
  dark: { text: "#E8EAED", muted: "#A7B0BA", line: "#4A535D", grid: "#262C32", panel: "#1D2125" },
};

/** Without double quotes: SVG pictures hold it in an attribute. */
const FONT = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif";

/** Below this width in pixels names at the right ends of lines have no room; the legend names them. */
export const NARROW = 480;

/** Dresses an option for its ground and width. What the picture says, its series and their colours, stays the server's. */
export function themed(option: Option, mode: Mode, width: number): Option {
  const g = GROUNDS[mode];
  const unnamed = width < NARROW || namesOf(option) < 2;
  const legend = hasLegend(option);
  return {
    ...option,
    animation: false,
    backgroundColor: "transparent",
    color: option["color"] ?? [...ARMS[mode]],
    textStyle: { fontFamily: FONT, fontSize: 12, color: g.text, ...record(option["textStyle"]) },
    title: undefined, // the page writes title and caption itself
    grid: each(option["grid"] ?? {}, (grid) => ({
      ...grid,
      top: legend ? 58 : 30,
      ...(unnamed ? { right: 16 } : {}),
    })),
    xAxis: each(option["xAxis"], (axis) => axisTheme(axis, g)),
    ...parallelTheme(option, g, width),
    yAxis: each(option["yAxis"], (axis) => axisTheme(leftName(axis), g)),
    legend: each(option["legend"], (one) => legendTheme(one, g)),
    tooltip: tooltipTheme(record(option["tooltip"]), g),
    visualMap: each(option["visualMap"], (one) => ({ ...one, textStyle: { color: g.text } })),
    series: seriesOf(option).map((one) =>
      one["type"] === "line" ? { ...endName(one, unnamed), triggerLineEvent: true } : endName(one, unnamed),
    ),
  };
}

/** The line that the server sets below the title: seeds, interval, smoothing, thinning. */
export function captionOf(option: unknown): string {
  const title = record(option)["title"];
  const text = record(Array.isArray(title) ? title[0] : title)["subtext"];
  return typeof text === "string" ? text : "";
}

/** How many curves have a name of their own. */
function namesOf(option: Option): number {
  return new Set(seriesOf(option).map((one) => one["name"])).size;
}

/** A name at the end of a line, moved off its neighbours; none where there is no room or nothing to tell apart. */
function endName(one: Option, unnamed: boolean): Option {
  if (one["endLabel"] === undefined) return one;
  return unnamed
    ? { ...one, endLabel: { show: false } }
    : {
        ...one,
        endLabel: { ...record(one["endLabel"]), padding: [3, 0] },
        labelLayout: { moveOverlap: "shiftY" },
      };
}

function hasLegend(option: Option): boolean {
  const legend = record(Array.isArray(option["legend"]) ? option["legend"][0] : option["legend"]);
  return option["legend"] !== undefined && legend["show"] !== false;
}

/** The name of the y axis begins at the axis, so that a long one is not cut at the left. */
function leftName(axis: Option): Option {
  return { ...axis, nameTextStyle: { ...record(axis["nameTextStyle"]), align: "left" } };
}

function axisTheme(axis: Option, g: Ground): Option & { nameTextStyle: Option } {
  return {
    ...axis,
    nameTextStyle: { ...record(axis["nameTextStyle"]), color: g.muted, fontSize: 12 },
    axisLabel: { ...record(axis["axisLabel"]), color: g.muted, fontSize: 12, hideOverlap: true },
    axisLine: { ...record(axis["axisLine"]), lineStyle: { color: g.line } },
    axisTick: { ...record(axis["axisTick"]), lineStyle: { color: g.line } },
    splitLine: { ...record(axis["splitLine"]), lineStyle: { color: g.grid } },
  };
}

/** What an axis side by side with others has to its right where there is little room: its numbers. */
const BESIDE = 52;

/**
 * Axes side by side. Where there is little room their names stand above and below in turn, those of the first and the last axis inside of
 * it, and each is cut before it reaches the next one on its side.
 */
function parallelTheme(option: Option, g: Ground, width: number): Option {
  const axes = option["parallelAxis"];
  if (!Array.isArray(axes)) return {};
  const narrow = width < NARROW;
  const parallel = record(option["parallel"]);
  const left = typeof parallel["left"] === "number" ? parallel["left"] : 0;
  const gap = (width - left - BESIDE) / Math.max(axes.length - 1, 1);
  // Two axes have a side each; of three, the first and the last share one; of more, one that is centred stands between.
  const most = Math.round(axes.length === 2 ? 1.5 * gap : axes.length === 3 ? gap - 6 : 1.3 * gap - 6);
  const themedAxes = axes.map(record).map((axis, i) => {
    const themed = axisTheme(axis, g);
    if (!narrow) return themed;
    const align = i === 0 ? "left" : i === axes.length - 1 ? "right" : "center";
    return {
      ...themed,
      nameLocation: i % 2 === 0 ? "end" : "start",
      nameTextStyle: { ...record(themed["nameTextStyle"]), align },
      nameTruncate: { maxWidth: most },
    };
  });
  const room = narrow ? { right: BESIDE, bottom: 44 } : {};
  return { parallelAxis: themedAxes, parallel: { ...parallel, ...room } };
}

function legendTheme(legend: Option, g: Ground): Option {
  return {
    ...legend,
    type: "scroll",
    left: 0,
    right: 0,
    top: 0,
    itemWidth: 18,
    itemHeight: 8,
    textStyle: { color: g.text, fontSize: 12 },
    pageTextStyle: { color: g.muted },
    pageIconColor: g.text,
    pageIconInactiveColor: g.line,
  };
}

function tooltipTheme(tooltip: Option, g: Ground): Option {
  return {
    trigger: "axis",
    ...tooltip,
    confine: true,
    transitionDuration: 0,
    backgroundColor: g.panel,
    borderColor: g.line,
    textStyle: { color: g.text, fontSize: 12, fontFamily: FONT },
  };
}

/** An object, or an empty one for anything else. */
export function record(value: unknown): Option {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Option) : {};
}

/** Applies to one object or to each of a list; nothing stays nothing. */
function each(value: unknown, change: (one: Option) => Option): unknown {
  if (Array.isArray(value)) return value.map((one) => change(record(one)));
  return value === undefined || value === null ? undefined : change(record(value));
}

/** The series of an option as a list. */
export function seriesOf(option: Option): Option[] {
  const series = option["series"];
  return Array.isArray(series) ? series.map(record) : series === undefined ? [] : [record(series)];
}
