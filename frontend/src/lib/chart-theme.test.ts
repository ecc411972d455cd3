import { describe, expect, test } from "vitest";
import { captionOf, NARROW, themed, type Option } from "./chart-theme";

const option = (part: Option = {}): Option => ({
  title: { text: "T", subtext: "5 seeds, no smoothing" },
  legend: { show: true },
  grid: { right: "96" },
  xAxis: [{ type: "value", name: "steps", min: 0 }],
  yAxis: [{ type: "value" }],
  series: [
    { name: "a", type: "line", endLabel: { show: true } },
    { name: "b", type: "line", endLabel: { show: true } },
  ],
  ...part,
});
const wide = NARROW + 200;

describe("a dressed chart", () => {
  test("keeps what the server says of axes and series", () => {
    const got = themed(option(), "light", wide) as { xAxis: Option[]; series: Option[] };
    expect(got.xAxis[0]).toMatchObject({ type: "value", name: "steps", min: 0 });
    expect(got.series[1]).toMatchObject({ name: "b", type: "line", endLabel: { show: true } });
  });
  test("leaves title and caption to the page", () => {
    expect(themed(option(), "light", wide)["title"]).toBeUndefined();
    expect(captionOf(option())).toBe("5 seeds, no smoothing");
    expect(captionOf(null)).toBe("");
  });
  test("drops the names at the ends of lines where there is no room or nothing to tell apart", () => {
    const ends = (o: Option, width: number) =>
      (themed(o, "light", width) as { series: { endLabel: Option }[] }).series.map((s) => s.endLabel["show"]);
    expect(ends(option(), wide)).toEqual([true, true]);
    expect(ends(option(), NARROW - 1)).toEqual([false, false]);
    expect(ends(option({ series: [{ name: "a", endLabel: { show: true } }] }), wide)).toEqual([false]);
  });
  test("writes on the ground it stands on", () => {
    const colour = (mode: "light" | "dark") =>
      (themed(option(), mode, wide) as { legend: { textStyle: Option } }).legend.textStyle["color"];
    expect(colour("light")).not.toBe(colour("dark"));
  });
});

test("axes side by side wear the ground's colours, and their names take turns where there is little room", () => {
  const option = { parallel: { top: 44 }, parallelAxis: [{ name: "a" }, { name: "b" }], series: [] };
  const wide = themed(option, "dark", 900);
  expect(wide["parallelAxis"]).toMatchObject([{ name: "a", axisLabel: { color: "#A7B0BA" } }, { name: "b" }]);
  const narrow = themed(option, "light", 320);
  expect(narrow["parallelAxis"]).toMatchObject([
    { nameLocation: "end", nameTextStyle: { align: "left" } },
    { nameLocation: "start", nameTextStyle: { align: "right" } },
  ]);
  expect(narrow["parallel"]).toMatchObject({ top: 44, right: 52 });
  expect(themed({ series: [] }, "light", 900)["parallelAxis"]).toBeUndefined();
});

test.each([3, 4, 5, 6])("names of %i axes side by side do not meet where there is little room", (n) => {
  const axes = Array.from({ length: n }, (_, i) => ({ name: `knob.${i}` }));
  const option = { parallel: { top: 44, left: 48 }, parallelAxis: axes, series: [] };
  const drawn = themed(option, "light", 329)["parallelAxis"] as Option[];
  const gap = (329 - 48 - 52) / (n - 1);
  const spans = drawn.map((axis, i) => {
    const wide = (axis["nameTruncate"] as { maxWidth: number }).maxWidth;
    const align = (axis["nameTextStyle"] as Option)["align"];
    const from = 48 + i * gap - (align === "left" ? 0 : align === "right" ? wide : wide / 2);
    return { side: axis["nameLocation"], from, to: from + wide };
  });
  for (const side of ["end", "start"]) {
    const there = spans.filter((s) => s.side === side);
    for (const [i, s] of there.entries()) expect(s.to).toBeLessThan(there[i + 1]?.from ?? 330);
  }
});
