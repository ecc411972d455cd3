import type { Chart } from "./api.gen";
import { seriesOf, themed, type Option } from "./chart-theme";
import type { ECharts } from "./echarts-core";
import type { Drawable, Flusher } from "./flush";
import type { Frame } from "./frames";
import { Points } from "./points";
import type { Mode } from "./theme";

/** One chart on the page. Points go from the socket into its arrays and never pass React. */
export class LiveChart implements Drawable {
  private points = new Map<number, Points>();
  private changed = new Set<number>();
  private readonly observer: ResizeObserver;

  constructor(
    private readonly picture: ECharts,
    element: HTMLElement,
    private readonly flusher: Flusher,
  ) {
    this.observer = new ResizeObserver(() => picture.resize());
    this.observer.observe(element);
  }

  /** Shows a chart with all its points. */
  show(chart: Chart, mode: Mode): void {
    this.points = new Map((chart.series ?? []).map((s) => [s.index, new Points(s.xy ?? [])]));
    this.changed.clear();
    this.flusher.forget(this);
    const option = themed(chart.option as Option, mode);
    const series = seriesOf(option).map((one, index) => this.fill(one, index));
    this.picture.setOption({ ...option, series }, { notMerge: true });
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

  /** Draws what was added. Series that did not change are sent empty, which ECharts reads as "keep". */
  draw(): number {
    const last = Math.max(-1, ...this.points.keys());
    const series: Option[] = [];
    let drawn = 0;
    for (let index = 0; index <= last; index++) {
      const points = this.changed.has(index) ? this.points.get(index) : undefined;
      series.push(points ? { data: points.view() } : {});
      drawn += this.points.get(index)?.length ?? 0;
    }
    this.changed.clear();
    this.picture.setOption({ series }, { lazyUpdate: false, silent: true });
    return drawn;
  }

  dispose(): void {
    this.flusher.forget(this);
    this.observer.disconnect();
    this.picture.dispose();
  }

  private fill(one: Option, index: number): Option {
    const points = this.points.get(index);
    if (!points) return one;
    return { ...one, dimensions: ["x", "y"], data: points.view() };
  }
}
