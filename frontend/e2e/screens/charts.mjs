// A chart by mouse and keyboard: zoom, move, smoothing, legend, table twin, exports; and what is drawn after a reload and without a line.
import { readFile } from "node:fs/promises";

export async function check(page, ctx) {
  await page.goto(`${ctx.url}/notebook?path=experiments/memory-rewriting.md&budget=fast`);
  const figure = page.locator("figure.chart").first();
  await figure.scrollIntoViewIfNeeded();
  await figure.locator(".chart-host canvas").waitFor();
  const caption = figure.locator(".chart-caption");
  const says = (part) => caption.filter({ hasText: part }).waitFor({ timeout: 10_000 });
  await says(/point/);
  const whole = await caption.innerText();
  ctx.expect(
    "a chart has a sentence",
    (await figure.locator("figcaption").innerText()).length > whole.length,
  );

  // Keys: zoom in, move, everything.
  const frame = figure.locator(".chart-frame");
  await frame.focus();
  await page.keyboard.press("+");
  await says(/outside the view/);
  const zoomed = await caption.innerText();
  await page.keyboard.press("ArrowRight");
  await caption.filter({ hasNotText: zoomed.split(" · ").pop() ?? "" }).waitFor();
  ctx.expect("the arrow moves the view", /from [\d,]+ to [\d,]+/.test(await caption.innerText()));
  await page.keyboard.press("0");
  await caption.filter({ hasNotText: "outside the view" }).waitFor();
  ctx.expect("0 shows everything again", (await caption.innerText()) === whole);

  // Mouse: a range is chosen by dragging, a double click shows everything, the wheel zooms a chart that has the focus.
  const box = await frame.boundingBox();
  if (!box) throw new Error("the chart has no place on the page");
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * 0.3, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, y, { steps: 5 });
  await page.mouse.up();
  await says(/outside the view/);
  await page.mouse.dblclick(box.x + box.width / 2, y);
  await caption.filter({ hasNotText: "outside the view" }).waitFor();
  await frame.focus();
  await page.mouse.move(box.x + box.width / 2, y);
  await page.mouse.wheel(0, -300);
  await says(/outside the view/);
  await figure.getByRole("button", { name: "Everything" }).click();
  await caption.filter({ hasNotText: "outside the view" }).waitFor();

  // Smoothing stands on the axis and in the caption.
  await figure.locator("select").selectOption("10");
  await says(/smoothed over 10 points, raw behind/);
  await figure.locator("select").selectOption("");
  await says(/no smoothing/);

  // The legend hides and brings forward, the table is the twin.
  const arm = figure.locator(".legend-arm").first();
  await arm.focus();
  await page.keyboard.press("Enter");
  ctx.expect("the legend hides an arm", (await arm.getAttribute("aria-pressed")) === "false");
  await page.keyboard.press("Enter");
  await frame.focus();
  await page.keyboard.press("t");
  await figure.locator("table tbody tr").first().waitFor();
  await page.keyboard.press("t");

  // Raw values at full precision, and the picture with the same values inside.
  const csv = await saved(page, figure, /CSV/);
  const head = "metric,arm,case,seed,x,value,episode,step,time";
  ctx.expect("the CSV has its columns", csv.startsWith(head));
  const rows = csv.trim().split("\n").length - 1;
  const points = Number(/([\d,]+) points/.exec(whole)?.[1]?.replaceAll(",", ""));
  ctx.expect(`the CSV holds all ${points} raw points, it has ${rows}`, rows === points);
  const svg = await saved(page, figure, /SVG/);
  ctx.expect("the SVG holds the values", svg.includes("<metadata>") && svg.includes(head));
  const broken = await page.evaluate(
    (text) => new DOMParser().parseFromString(text, "image/svg+xml").querySelector("parsererror") !== null,
    svg,
  );
  ctx.expect("the SVG can be read", !broken);
  await ctx.shot("zoom");

  // The same picture after a reload and in a second window.
  const before = await caption.innerText();
  await page.reload();
  await says(/point/);
  ctx.expect("a reload shows the same picture", (await caption.innerText()) === before);
  const second = await page.context().newPage();
  await second.goto(page.url());
  const there = second.locator("figure.chart").first();
  await there.scrollIntoViewIfNeeded();
  await there.locator(".chart-caption").filter({ hasText: /point/ }).waitFor();
  ctx.expect(
    "a second window shows the same picture",
    (await there.locator(".chart-caption").innerText()) === before,
  );
  await second.close();
}

/** Presses e, chooses a line of the menu, and returns the text of the file. */
async function saved(page, figure, name) {
  await figure.locator(".chart-frame").focus();
  await page.keyboard.press("e");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("menuitem", { name }).first().click(),
  ]);
  return readFile(await download.path(), "utf8");
}
