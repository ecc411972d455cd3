// Drives the pages against a real server, as a person would: open, change a knob, run, see the charts move, reload, see the same.
// LOCI_URL is the address with its login token; LOCI_SHOTS names the folder for pictures; LOCI_NOTEBOOK chooses a card of the Library.
import { mkdir } from "node:fs/promises";
import { openBrowser } from "./browser.mjs";

const url = process.env.LOCI_URL;
if (!url) {
  console.error("LOCI_URL is not set: start `loci serve` and give the address that it prints");
  process.exit(2);
}
const folder = process.env.LOCI_SHOTS ?? "shots";
const card = process.env.LOCI_NOTEBOOK ?? "";
const base = new URL(url).origin;
await mkdir(folder, { recursive: true });

const browser = await openBrowser();
const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: "light" });
const page = await context.newPage();
const faults = [];
const outside = [];
page.on("pageerror", (e) => faults.push(`error on the page: ${e.message}`));
page.on("console", (m) => m.type() === "error" && faults.push(`console: ${m.text()}`));
page.on("request", (r) => {
  if (!r.url().startsWith(base) && !/^(data|blob):/.test(r.url())) outside.push(r.url());
});

let step = 0;
const shot = (name) => page.screenshot({ path: `${folder}/${String(++step).padStart(2, "0")}-${name}.png` });
const check = (what, holds) => {
  console.log(`${holds ? "ok  " : "FAIL"} ${what}`);
  if (!holds) faults.push(what);
};
/** A number that stands for what the canvases of the page show. */
const ink = (scope) =>
  page.evaluate((selector) => {
    let sum = 0;
    for (const canvas of document.querySelectorAll(`${selector} canvas`)) {
      const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
      for (let i = 0; i < data.length; i += 16)
        sum = (sum * 31 + data[i] + data[i + 1] * 3 + data[i + 3]) % 1e9;
    }
    return sum;
  }, scope);
const settled = async (scope) => {
  let last = await ink(scope);
  for (let i = 0; i < 20; i++) {
    await page.waitForTimeout(500);
    const now = await ink(scope);
    if (now === last) return now;
    last = now;
  }
  return last;
};

try {
  await story();
} catch (error) {
  faults.push(String(error));
  await shot("fault").catch(() => undefined);
}
check("nothing outside the server was asked for", outside.length === 0);
await browser.close();
for (const fault of faults) console.error(fault);
process.exit(faults.length > 0 ? 1 : 0);

async function story() {
  await page.goto(url);
  await page.waitForSelector(".card");
  await shot("library");

  // The Library by keyboard: search, walk, open.
  await page.keyboard.press("/");
  check(
    "/ goes to the search",
    await page.locator("input[type=search]").evaluate((e) => e === document.activeElement),
  );
  await page.keyboard.type("maze");
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".details");
  await shot("card");
  check("the address holds search and card", /q=maze/.test(page.url()) && /paper=/.test(page.url()));
  await page.getByRole("button", { name: "Open notebook" }).first().click();
  await page.waitForSelector(".cell-run");
  await page.waitForSelector(".chart-host canvas", { timeout: 20_000 }).catch(() => undefined);
  await shot("notebook");

  // A knob: the shipped notebook moves on to a copy, the focus and the value stay.
  const knob = page.locator(".cell-rl input.numeric, .cell-world input.numeric").first();
  const old = await knob.inputValue();
  const value = String(Number(old) + (Number.isInteger(Number(old)) ? 1 : Number(old) / 10));
  await knob.scrollIntoViewIfNeeded();
  await knob.fill(value);
  await knob.press("Enter");
  await page.waitForFunction(() => /path=(?!experiments)/.test(location.search), undefined, {
    timeout: 10_000,
  });
  await page.waitForSelector(".topline-saved");
  check("the knob keeps what was typed", (await knob.inputValue()) === value);
  await shot("knob");
  await page.keyboard.press("Escape");
  await page.keyboard.press("u");
  await page.waitForFunction(
    ([v]) => [...document.querySelectorAll("input.numeric")].some((i) => i.value === v),
    [old],
  );
  await page.keyboard.press("Control+Shift+Z");
  await page.waitForFunction(
    ([v]) => [...document.querySelectorAll("input.numeric")].some((i) => i.value === v),
    [value],
  );
  check("undo and redo bring the knob back and forth", true);

  // Run at budget fast from the keyboard and see the charts move.
  await page.locator(".segments label", { hasText: "fast" }).click();
  await page.waitForFunction(
    () => /Run \d+/.test(document.querySelector(".run-row .button-main")?.textContent ?? ""),
    undefined,
    { timeout: 20_000 },
  );
  console.log("the button says:", await page.locator(".run-row .button-main").innerText());
  await page.keyboard.press("Escape");
  await page.waitForSelector(".cell-chart canvas", { timeout: 20_000 });
  await page.locator(".cell-run").focus();
  await page.keyboard.press("Shift+Enter");
  await page.waitForSelector(".job .progress", { timeout: 20_000 });
  check("the status bar knows of the work", /run|%/.test(await page.locator(".statusbar").innerText()));
  // A run at budget fast takes a few seconds, so look often and count the different pictures.
  const pictures = new Set();
  for (let i = 0; i < 200 && pictures.size < 4; i++) {
    pictures.add(await ink(".cell-chart"));
    await page.waitForTimeout(50);
  }
  check(`the charts move: ${pictures.size} different pictures`, pictures.size >= 3);
  await shot("moving");

  // The run view, live: film strip by keyboard.
  await page.locator(".seed").first().click();
  await page.waitForSelector(".run-page");
  await page.locator(".frame-button").nth(2).waitFor({ timeout: 60_000 }); // an episode that has just begun has one
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.waitForFunction(() => /step=[1-9]/.test(location.search)).catch(() => undefined); // the check tells
  check(`j steps through the episode: ${new URL(page.url()).search}`, /step=[1-9]/.test(page.url()));
  await page.keyboard.press("]");
  await shot("run");
  await page.goBack();
  await page.waitForSelector(".cell-run");

  // To the end, then reload: the same picture.
  await page.waitForFunction(
    () => /done|failed|stopped/.test(document.querySelector(".job .mark")?.textContent ?? ""),
    undefined,
    { timeout: 240_000 },
  );
  check("the job ended well", /done/.test(await page.locator(".job .mark").first().innerText()));
  await page.locator(".cell-chart").first().scrollIntoViewIfNeeded();
  await page.waitForTimeout(3000);
  const drawn = await settled(".cell-chart");
  const words = await page.locator(".cells").innerText();
  await shot("done");
  await page.reload();
  await page.waitForSelector(".cell-chart canvas");
  await page.locator(".cell-chart").first().scrollIntoViewIfNeeded();
  await page.waitForTimeout(2000);
  check("after a reload the charts show the same", (await settled(".cell-chart")) === drawn);
  check("after a reload the words are the same", (await page.locator(".cells").innerText()) === words);
  await shot("reloaded");

  // Table twin, palette, keys, going places.
  await page.locator(".cell-chart").first().focus();
  await page.keyboard.press("t");
  check("t shows the table", await page.locator(".cell-chart table").first().isVisible());
  await page.keyboard.press("Control+k");
  await page.waitForSelector(".palette-input");
  await page.keyboard.type("library");
  await shot("palette");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".card");
  check("the palette leads to the Library", new URL(page.url()).pathname === "/");
  await page.keyboard.press("?");
  await page.waitForSelector(".keys");
  await shot("keys");
  await page.keyboard.press("Escape");
  await page.waitForSelector(".keys", { state: "detached" });
  await page.keyboard.press("g");
  await page.keyboard.press("n");
  await page.waitForSelector(".cell-run");
  check("g n leads back to the notebook", true);
  await page.emulateMedia({ colorScheme: "dark" });
  await page.waitForTimeout(1500);
  await shot("dark");
  await page.setViewportSize({ width: 320, height: 700 });
  await page.waitForTimeout(800);
  check(
    "nothing is wider than a narrow window",
    await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
  );
  await shot("narrow");
}
