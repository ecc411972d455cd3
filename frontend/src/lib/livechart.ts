import type { Chart } from "./api.gen";
import { armsOf, dressed, type ArmLook } from "./chart-arms";
import { NARROW, seriesOf, themed, type Option } from "./chart-theme";
import type { ECharts } from "./echarts-core";
import type { Drawable, Flusher } from "./flush";
import type { Frame } from "./frames";
import { Points } from "./points";
import type { Mode } from "./theme";
import type { Span } from "./zoom";

/** One chart on the page. Points go from the socket into its arrays and never pass React. */
export class LiveChart implements Drawable {
  /** Called with the milliseconds that drawing news took. */
  onDrawn: (ms: number) => void = () => undefined;
  /** Called with the arm under the pointer, "" for none. */
  onPoint: (arm: string) => void = () => undefined;
  private points = new Map<number, Points>();
  private changed = new Set<number>();
  private dress: (() => void) | undefined;
  private narrow = false;
  private looks: Option[] = [];
  private mode: Mode = "light";
  private front = "";
  private hidden: ReadonlySet<string> = new Set();
  private readonly observer: ResizeObserver;

  constructor(
    private readonly picture: ECharts,
    private readonly element: HTMLElement,
    private readonly flusher: Flusher,
  ) {
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(element);
    // What the chart holds, for those who test the page: [index, [x0, y0, x1, y1, ...]][].
    Object.assign(element, { heldPoints: () => [...this.points].map(([i, p]) => [i, [...p.view()]]) });
    picture.on("mouseover", (event) => this.onPoint(event.seriesName ?? ""));
    picture.on("mouseout", () => this.onPoint(""));
  }

  /** Shows a chart with all its points, and returns its arms. */
  show(chart: Chart, mode: Mode): ArmLook[] {
    this.points = new Map((chart.series ?? []).map((s) => [s.index, new Points(s.xy ?? [])]));
    this.mode = mode;
    const arms = armsOf(chart);
    this.dress = () => {
      const width = this.picture.getWidth();
      this.narrow = width < NARROW;
      // The page has its own zoom, which asks the server, and its own legend, which the keyboard reaches.
      const own = arms.length > 0 ? { dataZoom: undefined, legend: this.legend(arms) } : {};
      const option = themed({ ...(chart.option as Option), ...own }, mode, width);
      const all = seriesOf(option);
      this.looks = all.map(lookOf);
      const series = all.map((one, index) => this.fill(dressed(one, this.front, mode), index));
      this.changed.clear();
      this.flusher.forget(this);
      this.picture.setOption({ ...option, series }, { notMerge: true });
      this.element.dataset.drawn = String(this.count());
    };
    this.dress();
    return arms;
  }

  /** Adds points. False when points before them are missing: the chart must be fetched again. */
  add(frame: Frame): boolean {
    let whole = true;
    for (const { index, from, xy } of frame.series) {
      const points = this.points.get(index) ?? new Points();
      this.points.set(index, points);
      whole = points.write(from, xy) && whole;
      this.changed.add(index);
    }
    this.flusher.mark(this);
    return whole;
  }

  /** Draws what was added. A series without data in the option keeps what it has. */
  draw(): number {
    const began = performance.now();
    const last = Math.max(-1, ...this.points.keys());
    const series: Option[] = [];
    for (let index = 0; index <= last; index++) {
      const points = this.points.get(index);
      series.push(points && this.changed.has(index) ? { data: points.view() } : {});
    }
    this.changed.clear();
    this.picture.setOption({ series }, { silent: true });
    this.picture.getZr().flush(); // paints now, so that the time is the whole time
    this.onDrawn(performance.now() - began);
    return this.count();
  }

  /** Shows another part of the x axis with the points at hand, until better ones come. */
  look(span: Span): void {
    this.picture.setOption({ xAxis: [{ min: span.from, max: span.to - 1 }] }, { silent: true });
  }

  /** Brings an arm forward; "" for none. */
  bring(arm: string): void {
    if (this.front === arm) return;
    this.front = arm;
    this.picture.setOption(
      { series: this.looks.map((one) => dressed(one, arm, this.mode)) },
      { silent: true },
    );
  }

  /** Hides arms. */
  hide(arms: ReadonlySet<string>): void {
    this.hidden = arms;
    this.dress?.();
  }

  /** The place on the x axis at a pixel from the left of the picture. */
  placeAt(pixel: number): number {
    return this.picture.convertFromPixel({ xAxisIndex: 0 }, pixel);
  }

  dispose(): void {
    this.flusher.forget(this);
    this.observer.disconnect();
    this.picture.dispose();
  }

  private legend(arms: readonly ArmLook[]): Option {
    const selected = Object.fromEntries(arms.map((a) => [a.name, !this.hidden.has(a.name)]));
    return { show: false, selected };
  }

  private count(): number {
    let drawn = 0;
    for (const points of this.points.values()) drawn += points.length;
    return drawn;
  }

  private resized(): void {
    this.picture.resize();
    if (this.picture.getWidth() < NARROW !== this.narrow) this.dress?.();
  }

  private fill(one: Option, index: number): Option {
    const points = this.points.get(index);
    return points ? { ...one, dimensions: ["x", "y"], data: points.view() } : one;
  }
}

/** What of a series may change without its points. */
function lookOf(one: Option): Option {
  const { name, z, lineStyle, itemStyle, areaStyle } = one;
  const look = { name, z, lineStyle, itemStyle };
  return areaStyle === undefined ? look : { ...look, areaStyle };
}
