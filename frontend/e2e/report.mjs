// Opens an exported page from disk with the network off: no request, no error, and a slider, an inspector and a keyboard that work.
// LOCI_REPORT is the page and LOCI_SHOTS takes pictures; arguments say the same: `node e2e/report.mjs PAGE.html [PICTURES]`.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { openBrowser } from "./browser.mjs";

const file = process.argv[2] ?? process.env.LOCI_REPORT;
const pictures = process.argv[3] ?? process.env.LOCI_SHOTS;
if (!file) {
  console.error(
    "LOCI_REPORT is not set: write a page with `loci report NOTEBOOK -o PAGE.html` and give its name",
  );
  process.exit(2);
}
if (pictures) await mkdir(pictures, { recursive: true });

const browser = await openBrowser();
try {
  for (const colorScheme of ["light", "dark"])
    for (const width of [320, 1280]) await check(width, colorScheme);
  await refused();
  console.log(`${file}: opens from disk, asks nobody, steps and slides`);
} finally {
  await browser.close();
}

async function opened(address, width, colorScheme) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, offline: true });
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (m) => ["error", "warning"].includes(m.type()) && wrong.push(m.text()));
  page.on("pageerror", (e) => wrong.push(e.message));
  page.on(
    "request",
    (r) => r.url() !== address && !/^(data|blob):/.test(r.url()) && wrong.push(`asked for ${r.url()}`),
  );
  await page.goto(address);
  return { context, page, wrong };
}

async function check(width, colorScheme) {
  const { context, page, wrong } = await opened(pathToFileURL(resolve(file)).href, width, colorScheme);
  await page.getByText("Opened for reading. Nothing was run.").waitFor();
  await page.getByRole("heading", { name: "Notebook", exact: true }).waitFor();
  assert.ok(
    (await page.locator("main").getByRole("heading", { level: 1 }).count()) >= 1,
    "the page has a title",
  );
  if (await page.getByRole("heading", { name: "Charts" }).count()) await charts(page);
  if (await page.getByRole("heading", { name: "Episodes" }).count()) await episodes(page);
  if (await page.getByRole("heading", { name: "Memory", exact: true }).count()) await memory(page);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `at ${width} px the page is ${wide} px too wide`);
  if (pictures)
    await page.screenshot({ path: `${pictures}/report-${colorScheme}-${width}.png`, fullPage: true });
  assert.deepEqual(wrong, [], `${colorScheme}, ${width} px`);
  await context.close();
}

async function charts(page) {
  const canvas = page.locator(".chart-host canvas").first();
  await canvas.waitFor();
  const drawn = await canvas.evaluate((c) =>
    c
      .getContext("2d")
      .getImageData(0, 0, c.width, c.height)
      .data.some((v) => v !== 0),
  );
  assert.ok(drawn, "the first chart is drawn");
  await page.keyboard.press("t");
  await page.locator("figure table").first().waitFor();
  await page.keyboard.press("t");
  const download = page.waitForEvent("download");
  await page
    .getByRole("button", { name: /^raw values of/ })
    .first()
    .click();
  const rows = (await readFile(await (await download).path(), "utf8")).split("\r\n");
  assert.match(rows[0], /^arm,case,seed,x,/);
  assert.ok(rows.length > 2, "the file has rows");
}

async function episodes(page) {
  const section = page.locator(".report-episode");
  const at = async () =>
    (await section.locator(".strip [aria-current=step] .frame-t").innerText()).replace(/\D/g, "");
  await section.locator("[aria-current=step]").waitFor();
  const first = Number(await at());
  await page.keyboard.press("j");
  assert.equal(Number(await at()), first + 1, "j goes one step on");
  await page.keyboard.press("k");
  assert.equal(Number(await at()), first, "k goes back");
  await page.keyboard.press("]");
  assert.ok(Number(await at()) > first, "] goes to the next event");
  await page.keyboard.press("[");
  assert.equal(await section.locator("dl.step-facts").count(), 1, "the step is shown");
}

async function memory(page) {
  const section = page.locator(".report-memory");
  const slider = section.getByRole("slider");
  await slider.waitFor();
  const most = Number(await slider.getAttribute("max"));
  await page.getByRole("heading", { name: "Memory", exact: true }).click();
  await page.keyboard.press("ArrowLeft");
  assert.equal(Number(await slider.inputValue()), most - 1, "the left key goes one operation back");
  await slider.fill("0");
  await section.getByText("before the first operation").waitFor();
  await section.getByText("0 of 0 entries").waitFor();
  await page.getByRole("heading", { name: "Memory", exact: true }).click();
  await page.keyboard.press("d");
  await slider.fill(String(most));
  await section.getByText(/\+ \d+ written/).waitFor();
  await section.locator("td .link").first().click();
  await section.getByRole("complementary").locator("li").first().waitFor();
  await section.getByRole("button", { name: "open the step" }).click();
}

/** The page's own policy: a script that was put into the file does not run. */
async function refused() {
  const text = await readFile(file, "utf8");
  const folder = await mkdtemp(`${tmpdir()}/report-`);
  const changed = `${folder}/changed.html`;
  await writeFile(
    changed,
    text.replace(
      "</body>",
      "<script>window.stranger = 1</script><img src=x onerror='window.stranger = 2'></body>",
    ),
  );
  const { context, page } = await opened(pathToFileURL(changed).href, 800, "light");
  await page.getByText("Opened for reading. Nothing was run.").waitFor();
  assert.equal(await page.evaluate(() => window.stranger), undefined, "a script of a stranger ran");
  await context.close();
  await rm(folder, { recursive: true });
}
