import type { Chart } from "./api.gen";
import { NARROW, seriesOf, themed, type Option } from "./chart-theme";
import type { ECharts } from "./echarts-core";
import type { Drawable, Flusher } from "./flush";
import type { Frame } from "./frames";
import { Points } from "./points";
import type { Mode } from "./theme";

/** One chart on the page. Points go from the socket into its arrays and never pass React. */
export class LiveChart implements Drawable {
  private points = new Map<number, Points>();
  private changed = new Set<number>();
  private dress: (() => void) | undefined;
  private narrow = false;
  private readonly observer: ResizeObserver;

  constructor(
    private readonly picture: ECharts,
    element: HTMLElement,
    private readonly flusher: Flusher,
  ) {
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(element);
  }

  /** Shows a chart with all its points. */
  show(chart: Chart, mode: Mode): void {
    this.points = new Map((chart.series ?? []).map((s) => [s.index, new Points(s.xy ?? [])]));
    this.dress = () => {
      const width = this.picture.getWidth();
      this.narrow = width < NARROW;
      const option = themed(chart.option as Option, mode, width);
      const series = seriesOf(option).map((one, index) => this.fill(one, index));
      this.changed.clear();
      this.flusher.forget(this);
      this.picture.setOption({ ...option, series }, { notMerge: true });
    };
    this.dress();
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
    const last = Math.max(-1, ...this.points.keys());
    const series: Option[] = [];
    let drawn = 0;
    for (let index = 0; index <= last; index++) {
      const points = this.points.get(index);
      series.push(points && this.changed.has(index) ? { data: points.view() } : {});
      drawn += points?.length ?? 0;
    }
    this.changed.clear();
    this.picture.setOption({ series }, { silent: true });
    return drawn;
  }

  dispose(): void {
    this.flusher.forget(this);
    this.observer.disconnect();
    this.picture.dispose();
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
