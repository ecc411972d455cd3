// Walks every screen in its states against a real server whose records real runs wrote: layout at four sizes, light and dark, rules of
// access, no console error, no request that leaves this computer; then the checks of each screen by mouse and keyboard (screens/*.mjs).
// LOCI_URL is a server with records, LOCI_EMPTY_URL one with an empty data folder, LOCI_RECORDS the folder of the first; LOCI_SHOTS takes
// pictures; LOCI_ONLY runs the parts whose name contains it.
import { mkdir, readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { openBrowser } from "./browser.mjs";
import { layoutFaults } from "./layout.mjs";

const url = need(
  "LOCI_URL",
  "start `loci serve` on a data folder with runs and give the address that it prints",
);
const emptyURL = need("LOCI_EMPTY_URL", "start a second `loci serve` on an empty data folder");
const home = process.env.LOCI_RECORDS ?? "";
const folder = process.env.LOCI_SHOTS ?? "shots";
const only = process.env.LOCI_ONLY ?? "";
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
await mkdir(folder, { recursive: true });

const SIZES = [
  { name: "320", width: 320, height: 800 },
  { name: "1280", width: 1280, height: 900 },
  { name: "1920", width: 1920, height: 1080 },
  { name: "zoom200", width: 640, height: 450, deviceScaleFactor: 2 },
];
// What some checks provoke on purpose, as the browser's console tells of it.
const PROVOKED = {
  episode: ["status of 404"],
  notebook: ["status of 404", "status of 409"],
  settings: ["status of 400", "status of 503"],
  sweep: ["status of 400"],
  targets: ["status of 400", "status of 503"],
};
const faults = [];
const fault = (where, what) => {
  faults.push(`${where}: ${what}`);
  console.log(`FAIL ${where}: ${what}`);
};
const browser = await openBrowser();
const began = Date.now();
try {
  const runs = await known();
  await walk("filled", url, filled(runs));
  await walk("empty", emptyURL, bare());
  await troubled(runs);
  await screens(runs);
} catch (error) {
  fault("suite", error.stack ?? String(error));
}
await browser.close();
console.log(
  `${faults.length === 0 ? "every screen holds" : `${faults.length} faults`}, ${Math.round((Date.now() - began) / 1000)} s`,
);
for (const f of faults) console.error(f);
process.exit(faults.length > 0 ? 1 : 0);

function need(name, how) {
  const value = process.env[name];
  if (value) return value;
  console.error(`${name} is not set: ${how}`);
  process.exit(2);
}

/** A page that tells what is wrong with it. */
async function open(at, options, where) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const base = new URL(at).origin;
  const expected = [];
  page.on("pageerror", (e) => fault(where(), `error on the page: ${e.message}`));
  page.on("console", (m) => {
    if (m.type() === "error" && !expected.some((e) => m.text().includes(e)))
      fault(where(), `console: ${m.text()}`);
  });
  page.on("request", (r) => {
    if (!r.url().startsWith(base) && !/^(data|blob):/.test(r.url())) fault(where(), `asked ${r.url()}`);
  });
  await page.goto(at);
  return { page, context, base, expect: (text) => expected.push(text) };
}

/** The runs that the suite's addresses need: the newest of each paper with what it holds. */
async function known() {
  const { page, context, base } = await open(url, {}, () => "runs");
  const get = (path) => page.evaluate(async (p) => (await fetch(p)).json(), `${base}/api/${path}`);
  const all = (await get("runs?limit=200")).runs;
  const of = async (test) => {
    for (const r of all) {
      const d = await get(`run/${r.key}`);
      if (test(d)) return d;
    }
    throw new Error(
      "the server lacks a run that the suite needs; run memrl, memories and memory-rewriting at budget fast first",
    );
  };
  const text = await of((d) => d.setup.paper === "memrl" && d.row.arm === "value");
  const other = await of(
    (d) => d.setup.paper === "memrl" && d.row.arm === "similarity" && d.row.seed === text.row.seed,
  );
  const maze = await of((d) => d.setup.paper === "memory-rewriting");
  const episodes = (await get(`run/${text.row.key}/episodes?limit=500`)).episodes.filter((e) => e.detail);
  await context.close();
  return { text: text.row.key, other: other.row.key, maze: maze.row.key, episode: episodes[0].id };
}

function filled(r) {
  return {
    library: "/",
    card: "/?paper=memrl",
    mechanism: "/?paper=memrl&view=mechanism",
    code: "/?paper=memrl&view=code",
    notebook: "/notebook?path=experiments/memrl.md&budget=fast",
    lesson: "/notebook?path=experiments/memrl.md&budget=fast&lesson=paper",
    runs: "/run",
    run: `/run?key=${r.text}`,
    "run-maze": `/run?key=${r.maze}`,
    episode: `/episode?key=${r.text}&episode=${r.episode}&step=0`,
    "episode-maze": `/episode?key=${r.maze}`,
    memory: `/memory?key=${r.text}`,
    "memory-map": `/memory?key=${r.text}&view=map`,
    "memory-none": `/memory?key=${r.maze}`,
    compare: "/compare",
    "compare-arms": `/compare?arm=${r.text}&arm=${r.other}`,
    targets: "/targets",
    settings: "/settings",
  };
}

function bare() {
  return {
    library: "/",
    notebook: "/notebook",
    runs: "/run",
    episode: "/episode",
    memory: "/memory",
    compare: "/compare",
    targets: "/targets",
    settings: "/settings",
  };
}

async function settle(page) {
  await page.waitForSelector("main");
  await page
    .waitForFunction(
      () => !document.querySelector("main [aria-busy=true], main .loading, main .skeleton"),
      null,
      { timeout: 10_000 },
    )
    .catch(() => undefined);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 60))));
}

/** Every address at every size, light and dark, two sizes side by side. */
async function walk(state, at, addresses) {
  if (!`walk ${state}`.includes(only) && only !== "" && !Object.keys(addresses).some((a) => a.includes(only)))
    return;
  const looks = SIZES.map((size) => ["light", size]);
  looks.push(["dark", SIZES.find((size) => size.name === "1280")]); // colour moves nothing: one size is enough
  const worker = async () => {
    for (let look = looks.shift(); look; look = looks.shift()) await walkAt(state, at, addresses, ...look);
  };
  await Promise.all([worker(), worker()]);
}

async function walkAt(state, at, addresses, colorScheme, { name, width, height, deviceScaleFactor = 1 }) {
  let where = "";
  const { page, context, base } = await open(
    at,
    { viewport: { width, height }, deviceScaleFactor, colorScheme, reducedMotion: "reduce" },
    () => where,
  );
  for (const [screen, address] of Object.entries(addresses)) {
    if (only !== "" && !screen.includes(only) && !`walk ${state}`.includes(only)) continue;
    where = `${state} ${screen} ${colorScheme} ${name}`;
    await page.goto(base + address);
    await settle(page);
    await page.screenshot({ path: `${folder}/${state}-${screen}-${colorScheme}-${name}.png` });
    for (const f of await layoutFaults(page)) fault(where, f);
    if (name === "1280" || name === "320") await access(page, where);
  }
  await context.close();
}

/** The rules of access that a program can see. */
async function access(page, where) {
  await page.evaluate(axe);
  const found = await page.evaluate(() =>
    window.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
      resultTypes: ["violations"],
    }),
  );
  for (const v of found.violations)
    fault(
      where,
      `${v.id}: ${v.help}: ${v.nodes
        .slice(0, 3)
        .map((n) => `${n.target.join(" ")} (${(n.any[0] ?? n.all[0] ?? n.none[0])?.message ?? ""})`)
        .join("; ")}`,
    );
}

/** A server that does not answer, and one that answers with an error: the screens say so and the rest stays usable. */
async function troubled(runs) {
  const addresses = filled(runs);
  for (const screen of [
    "library",
    "notebook",
    "run",
    "episode",
    "memory",
    "compare-arms",
    "targets",
    "settings",
  ]) {
    if (only !== "" && !"trouble".includes(only) && !screen.includes(only)) continue;
    let where = `error ${screen}`;
    const { page, context, base, expect } = await open(url, {}, () => where);
    expect("the server responded with a status of 503");
    expect("Failed to load resource");
    const said = {
      code: "unavailable",
      msg: "the disk does not answer",
      hint: "check the disk and try again",
      ref: "",
    };
    await page.route(/\/api\/(?!ws|status|jobs|settings\/look)/, (r) =>
      r.fulfill({ status: 503, json: said }),
    );
    await page.goto(base + addresses[screen]);
    await page
      .getByText("the disk does not answer")
      .first()
      .waitFor({ timeout: 10_000 })
      .catch(() => fault(where, "the reason is not told"));
    if ((await page.getByRole("button", { name: /again|retry/i }).count()) === 0)
      fault(where, "nothing offers to try again");
    if ((await page.getByRole("button", { name: /copy details/i }).count()) === 0)
      fault(where, "the details cannot be copied");
    await page.screenshot({ path: `${folder}/error-${screen}.png` });
    for (const f of await layoutFaults(page)) fault(where, f);
    await access(page, where);
    await page.unroute(/\/api\/(?!ws|status|jobs|settings\/look)/);
    await page
      .getByRole("button", { name: /again|retry/i })
      .first()
      .click()
      .catch(() => undefined);
    await page
      .getByText("the disk does not answer")
      .first()
      .waitFor({ state: "detached", timeout: 10_000 })
      .catch(() => fault(where, "trying again does not help"));

    where = `loading ${screen}`;
    await page.clock.install();
    await page.route(/\/api\/(?!ws|status|jobs|settings\/look)/, () => undefined); // never answers
    await page.goto(base + addresses[screen]);
    await page.waitForSelector("main");
    await page.clock.runFor(1500);
    const busy = page
      .locator("main")
      .getByText(/reading|waiting/i)
      .first();
    await busy
      .waitFor({ timeout: 5000 })
      .catch(() => fault(where, "nothing says that something is being read"));
    await page.screenshot({ path: `${folder}/loading-${screen}.png` });
    await page.clock.runFor(11_000);
    if (
      (await page
        .locator("main")
        .getByRole("button", { name: /cancel|stop waiting/i })
        .count()) === 0
    )
      fault(where, "nothing cancels after 10 s");
    for (const f of await layoutFaults(page)) fault(where, f);
    await context.close();
  }
}

/** The checks that each screen brings, by mouse and by keyboard. */
async function screens(runs) {
  const dir = new URL("./screens/", import.meta.url);
  for (const file of (await readdir(dir)).filter((f) => f.endsWith(".mjs")).sort()) {
    const name = file.replace(".mjs", "");
    if (only !== "" && !`screen ${name}`.includes(only)) continue;
    const { check } = await import(new URL(file, dir).href);
    const where = () => `screen ${name}`;
    const { page, context, base, expect } = await open(url, { colorScheme: "light" }, where);
    for (const text of PROVOKED[name] ?? []) expect(text);
    const before = faults.length;
    const ctx = {
      url: base,
      login: url,
      empty: emptyURL,
      home,
      runs,
      browser,
      tolerate: expect,
      shot: (word) => page.screenshot({ path: `${folder}/screen-${name}-${word}.png` }),
      expect: (what, holds) => holds || fault(where(), what),
    };
    try {
      await check(page, ctx);
    } catch (error) {
      fault(where(), error.stack ?? String(error));
      await page.screenshot({ path: `${folder}/screen-${name}-fault.png` }).catch(() => undefined);
    }
    console.log(`${faults.length === before ? "ok  " : "FAIL"} screen ${name}`);
    await context.close();
  }
}
