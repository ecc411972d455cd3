import { SVGRenderer } from "echarts/renderers";
import * as core from "echarts/core";
import { init } from "./echarts-core";
import type { Option } from "./chart-theme";

core.use([SVGRenderer]);

/** Draws an option as SVG text, without the page. */
export function picture(option: Option, size: { width: number; height: number }): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, ...size });
  try {
    chart.setOption(option);
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}
