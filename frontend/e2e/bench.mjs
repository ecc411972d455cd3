// Times what a person waits for, on the made-up library of `loci bench ui`: prints one JSON object a line with the values in
// milliseconds. LOCI_URL is the server; LOCI_SERIES, LOCI_EPISODE and LOCI_BANK are the large runs.
import { gzipSync } from "node:zlib";
import { openBrowser } from "./browser.mjs";

const url = process.env.LOCI_URL ?? "";
const base = new URL(url).origin;
const { LOCI_SERIES: series, LOCI_EPISODE: episode, LOCI_BANK: bank } = process.env;
const rounds = 12;
const browser = await openBrowser();
const tell = (name, unit, values, limit = 0, note = "") =>
  console.log(JSON.stringify({ name, unit, values, limit, note }));

try {
  await firstLoad();
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForSelector(".card");
  await page.waitForTimeout(4000); // the parts of the other screens come once nothing else is to do
  await frame(page);
  await compare(page);
  await inspector(page);
  await memory(page);
  await chart(page);
  const heap = await page.evaluate(() => performance.memory.usedJSHeapSize / 1e6);
  tell("memory of the page behind all that", "MB", [heap], 200, "JavaScript heap");
} finally {
  await browser.close();
}

/** First paint and first use in a browser that was never here, and what it had to load. */
async function firstLoad() {
  const paints = [];
  const usable = [];
  let bytes = 0;
  for (let i = 0; i < 5; i++) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    const loads = [];
    page.on("response", async (r) => {
      if (/\.(js|css|html)(\?|$)|\/$/.test(new URL(r.url()).pathname))
        loads.push(r.body().catch(() => Buffer.alloc(0)));
    });
    await page.goto(url, { waitUntil: "commit" });
    await page.waitForSelector(".card");
    const [paint, now] = await page.evaluate(() => [
      performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? performance.now(),
      performance.now(),
    ]);
    paints.push(paint);
    usable.push(now);
    bytes = (await Promise.all(loads)).reduce((sum, b) => sum + gzipSync(b).length, 0);
    await context.close();
  }
  tell("first paint", "ms", paints, 600);
  tell("usable", "ms", usable, 1200, "a card can be opened");
  tell(
    "first load, compressed",
    "kB",
    [bytes / 1000],
    400,
    "documents, scripts and styles before a notebook opens",
  );
}

/** From an action inside the page to the frame that shows what it led to. */
async function until(page, action, shown) {
  return page.evaluate(
    ([act, test]) =>
      new Promise((done, fail) => {
        const holds = new Function(`return ${test}`);
        const began = performance.now();
        new Function(act)();
        const look = () => {
          if (holds()) return requestAnimationFrame(() => done(performance.now() - began));
          if (performance.now() - began > 20_000) return fail(new Error(`not within 20 s: ${test}`));
          requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
      }),
    [action, shown],
  );
}

/** Script that presses a key outside of any field. */
function press(key, more = "") {
  return `document.activeElement?.blur?.(); window.dispatchEvent(new KeyboardEvent("keydown", {key: ${JSON.stringify(key)}, bubbles: true, cancelable: true, ${more}}))`;
}

/** Back to the Library within the open page, as a reader goes. */
async function home(page) {
  await page.evaluate(click(`.rail a[href="/"]`));
  await page.waitForSelector(".card");
  await page.waitForTimeout(300);
}

/** Script that clicks. */
function click(selector) {
  return `document.querySelector(${JSON.stringify(selector)}).click()`;
}

async function frame(page) {
  const palette = [];
  const keys = [];
  for (let i = 0; i < rounds; i++) {
    palette.push(await until(page, press("k", "ctrlKey: true"), `document.querySelector(".palette input")`));
    await page.keyboard.press("Escape");
    await page.waitForSelector(".palette", { state: "detached" });
    keys.push(await until(page, press("?"), `document.querySelector(".sheet .keys")`));
    await page.keyboard.press("Escape");
    await page.waitForSelector(".sheet", { state: "detached" });
  }
  tell("palette opens", "ms", palette, 50);
  tell("answer to a key", "ms", keys, 100, "the sheet of keys");
  const typed = [];
  await page.locator("input[type=search]").first().click();
  await page.evaluate(() => {
    window.typed = [];
    new PerformanceObserver((list) =>
      window.typed.push(
        ...list
          .getEntries()
          .filter((e) => e.name === "keydown")
          .map((e) => e.processingEnd - e.startTime),
      ),
    ).observe({
      type: "event",
      durationThreshold: 16,
    });
  });
  const text = "memory that learns which lines to read";
  for (const c of text) await page.keyboard.press(c === " " ? "Space" : c);
  await page.waitForTimeout(400);
  const slow = await page.evaluate(() => window.typed);
  for (let i = 0; i < text.length; i++) typed.push(i < slow.length ? slow[i] : 0);
  tell(
    "keystroke in a search field",
    "ms",
    typed,
    16,
    "from the key to its handled change, before the next frame; a key that is not listed took no 16 ms with its frame",
  );
  for (let i = 0; i < text.length; i++) await page.keyboard.press("Backspace");
  const screens = [];
  const places = [
    ["/settings", ".screen-settings main h1, .screen-settings h1"],
    ["/targets", ".screen-targets h1"],
    ["/", ".screen-library .card"],
  ];
  for (let i = 0; i < 5; i++) {
    for (const [link, sign] of places) {
      const took = await until(
        page,
        click(`.rail a[href="${link}"]`),
        `document.querySelector(${JSON.stringify(sign)})`,
      );
      if (i > 0) screens.push(took); // the first visit loads what the second has
      await page.waitForTimeout(200);
    }
  }
  tell("another screen", "ms", screens, 150, "Settings, Targets, Library, from the second visit on");
}

/** The first opening behind the start of a server apart from those that follow, of which the 95th percentile counts. */
function openings(name, values, limit, note) {
  tell(
    `${name}, the very first`,
    "ms",
    values.slice(0, 1),
    0,
    `${note}; once behind the start of the server`,
  );
  tell(name, "ms", values.slice(1), limit, note);
}

async function compare(page) {
  const first = [];
  const filter = [];
  for (let i = 0; i < 9; i++) {
    await home(page);
    first.push(
      await until(
        page,
        click(`.rail a[href^="/compare"]`),
        `document.querySelectorAll(".screen-compare [role=row], .screen-compare tbody tr").length > 20`,
      ),
    );
    const box = page.locator(".screen-compare input[type=search], .screen-compare input[type=text]").first();
    const wanted = `seed<${102 + (i % 8)} lambda>0.3`;
    await box.fill(wanted.slice(0, -1));
    await page.waitForTimeout(700);
    const before = await page.locator(".screen-compare").innerText();
    await box.focus();
    const t = page.evaluate(
      (old) =>
        new Promise((done) => {
          const began = performance.now();
          const look = () =>
            document.querySelector(".screen-compare").innerText !== old || performance.now() - began > 5000
              ? requestAnimationFrame(() => done(performance.now() - began))
              : requestAnimationFrame(look);
          look();
        }),
      before,
    );
    await page.keyboard.type(wanted.slice(-1));
    filter.push(await t);
  }
  openings("10,000 runs: first rows", first, 300, "from the click to the rows");
  tell("10,000 runs: filter", "ms", filter, 200, "from the key to the new count");
}

async function inspector(page) {
  const first = [];
  const jump = [];
  for (let i = 0; i < 8; i++) {
    await home(page);
    first.push(
      await until(
        page,
        `history.pushState({}, "", "/episode?key=${episode}&episode=1&step=${i * 12000}"); dispatchEvent(new PopStateEvent("popstate"))`,
        `document.querySelector(".screen-episode .bar-slider") && document.querySelector(".screen-episode .panel")`,
      ),
    );
    for (const step of [99_999, 12_345, 67_890]) {
      const at = step + i;
      jump.push(
        await until(
          page,
          `history.replaceState({}, "", "/episode?key=${episode}&episode=1&step=${Math.min(at, 99_999)}"); dispatchEvent(new PopStateEvent("popstate"))`,
          `(document.querySelector(".screen-episode [aria-current=step] .step-t")?.textContent ?? "").replace(/[^0-9]/g, "") === "${Math.min(at, 99_999)}" && document.querySelector(".screen-episode [aria-label=Answer]")?.innerText.includes("go ${Math.min(at, 99_999) % 7}")`,
        ),
      );
    }
  }
  tell("episode of 100,000 steps: first screen", "ms", first, 1000);
  tell("episode of 100,000 steps: jump to a step", "ms", jump, 100);
}

async function memory(page) {
  const first = [];
  const moved = [];
  for (let i = 0; i < 8; i++) {
    await home(page);
    first.push(
      await until(
        page,
        `history.pushState({}, "", "/memory?key=${bank}"); dispatchEvent(new PopStateEvent("popstate"))`,
        `/100,000|100 000/.test(document.querySelector(".screen-memory")?.innerText ?? "")`,
      ),
    );
    for (const at of [10_200, 51_000, 90_780]) {
      const entries = Math.floor(((at + i) / 102) | 0) * 100 + Math.min((at + i) % 102, 100);
      const shown = entries.toLocaleString("en-US");
      moved.push(
        await until(
          page,
          `history.replaceState({}, "", "/memory?key=${bank}&at=${at + i}"); dispatchEvent(new PopStateEvent("popstate"))`,
          `document.querySelector(".screen-memory")?.innerText.includes(${JSON.stringify(shown)})`,
        ),
      );
    }
  }
  openings("bank of 100,000 entries: first screen", first, 1000, "from the address to the counts");
  tell("bank of 100,000 entries: another moment", "ms", moved, 100);
}

async function chart(page) {
  const first = [];
  const zoom = [];
  const caption = `document.querySelector(".screen-run .chart-caption")`;
  for (let i = 0; i < 8; i++) {
    await home(page);
    first.push(
      await until(
        page,
        `history.pushState({}, "", "/run?key=${series}"); dispatchEvent(new PopStateEvent("popstate"))`,
        `/1,000,000 points/.test(document.querySelector(".screen-run")?.innerText ?? "") && document.querySelector(".screen-run canvas")`,
      ),
    );
    await page
      .locator(".screen-run .chart")
      .first()
      .focus()
      .catch(() => undefined);
    for (let k = 0; k < 3; k++) {
      const before = await page.evaluate(`${caption}?.innerText ?? ""`);
      zoom.push(
        await until(
          page,
          click('.screen-run [aria-label="zoom in"]'),
          `(${caption}?.innerText ?? "") !== ${JSON.stringify(before)}`,
        ),
      );
    }
  }
  openings("chart of 1,000,000 points", first, 300, "from the click to the picture");
  tell(
    "zoom into 1,000,000 points",
    "ms",
    zoom,
    50,
    "from the press of the button to the new caption, behind a server's answer",
  );
}
