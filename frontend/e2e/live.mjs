// Live and kept: while runs go on, a reload, a second browser, a lost connection and a killed and restarted server lead to the same
// picture, nothing twice and nothing missing. LOCI_BIN is the program; LOCI_OFFLINE the seconds without a connection (6).
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBrowser } from "./browser.mjs";

const bin = process.env.LOCI_BIN ?? "../bin/loci";
const offline = Number(process.env.LOCI_OFFLINE ?? 6) * 1000;
const NOTEBOOK = "experiments/memory-rewriting.md";
const home = await mkdtemp(join(tmpdir(), "loci-live-"));
const port = await freePort();
const faults = [];
const holds = (what, ok) => {
  console.log(`${ok ? "ok  " : "FAIL"} ${what}`);
  if (!ok) faults.push(what);
};

let server = await start();
const browser = await openBrowser();
try {
  await story();
} catch (error) {
  faults.push(error.stack ?? String(error));
  console.log(`FAIL ${error.message}`);
}
await browser.close();
const ended = new Promise((done) => server.child.once("exit", done));
server.child.kill("SIGKILL");
await ended;
await rm(home, { recursive: true, force: true });
for (const fault of faults) console.error(fault);
process.exit(faults.length > 0 ? 1 : 0);

async function story() {
  const base = `http://127.0.0.1:${port}`;
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(server.url);
  await page.waitForSelector(".card");
  let address = await begin(page, base, "lstm");
  await page.goto(address);
  await grown(page, 3);

  await page.reload();
  await grown(page, 3);
  holds("a reload shows the points so far, none twice", (await doubled(page)) === 0);

  const other = await browser.newContext();
  const second = await other.newPage();
  await second.goto(server.url);
  await second.goto(address);
  await grown(second, 3);
  holds("a second browser shows the points so far, none twice", (await doubled(second)) === 0);

  const before = (await held(page)).length;
  await context.setOffline(true);
  await page.waitForTimeout(offline);
  await context.setOffline(false);
  await same(page, second, "a page that was cut off shows what an uncut page shows");
  holds("points came while it was cut off", (await held(page)).length >= before);
  holds("none of them stands twice", (await doubled(page)) === 0);

  // An arm of its own: a long cut outlasts the first runs, and the chart shows the mean over all seeds of an arm.
  address = await begin(page, base, "gru");
  await page.goto(address);
  await grown(page, 3);
  server.child.kill("SIGKILL");
  await new Promise((done) => server.child.once("exit", done));
  await page.waitForTimeout(3000);
  const kept = await held(page);
  server = await start();
  await page.goto(server.url);
  await page.goto(address);
  await page.getByRole("button", { name: /^Continue from/ }).waitFor({ timeout: 20_000 });
  await grown(page, 1);
  const back = await held(page);
  const equal = back.every((number, i) => i >= kept.length || number === kept[i]);
  holds(
    `after a kill the same points are there again, but for at most the last (${kept.length / 2} before, ${back.length / 2} after)`,
    equal && back.length >= kept.length - 2,
  );
  await page.getByRole("button", { name: /^Continue from/ }).click();
  await grown(page, back.length / 2 + 1);
  holds("the run goes on and nothing stands twice", (await doubled(page)) === 0);
}

/** Starts two runs of an arm, some tens of seconds each, and returns the address of the first one's page. */
async function begin(page, base, arm) {
  const job = await post(page, `${base}/api/job?path=${NOTEBOOK}`, {
    budget: "laptop",
    seeds: "2",
    arms: [arm],
    cases: [],
  });
  return `${base}/run?key=${job.runs[0].key}`;
}

async function start() {
  const child = spawn(bin, ["serve", "--home", home, "--addr", `127.0.0.1:${port}`]);
  const url = await new Promise((done, fail) => {
    let text = "";
    const hear = (part) => {
      text += part;
      const found = /http:\S+/.exec(text);
      if (found) done(found[0]);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("exit", () => fail(new Error(`the server ended: ${text}`)));
  });
  return { child, url };
}

function freePort() {
  return new Promise((done) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port: free } = probe.address();
      probe.close(() => done(free));
    });
  });
}

function post(page, url, body) {
  return page.evaluate(
    async ([to, text]) => {
      const answer = await fetch(to, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: text,
      });
      if (!answer.ok) throw new Error(await answer.text());
      return answer.json();
    },
    [url, JSON.stringify(body)],
  );
}

/** The points of the first chart of the run: the line of its mean. */
function held(page) {
  return page.evaluate(() => {
    const host = document.querySelector("figure.chart .chart-host");
    const series = host?.heldPoints?.() ?? [];
    return series.length === 0 ? [] : series[series.length - 1][1];
  });
}

async function grown(page, points) {
  const ends = Date.now() + 45_000;
  for (;;) {
    if ((await held(page)).length >= 2 * points) return;
    if (Date.now() > ends) {
      if (process.env.LOCI_SHOTS)
        await page.screenshot({ path: join(process.env.LOCI_SHOTS, "live-fault.png") });
      throw new Error(`the chart did not come to ${points} points`);
    }
    await page.waitForTimeout(200);
  }
}

/** Points of the first chart that stand at the x of the one before with the same value. */
async function doubled(page) {
  const xy = await held(page);
  let n = 0;
  for (let i = 2; i < xy.length; i += 2) if (xy[i] === xy[i - 2] && xy[i + 1] === xy[i - 1]) n++;
  return n;
}

/** Both pages come to hold the same points. */
async function same(one, two, what) {
  const ends = Date.now() + 20_000;
  for (;;) {
    const [a, b] = await Promise.all([held(one), held(two)]);
    if (a.length > 2 && JSON.stringify(a) === JSON.stringify(b)) return holds(what, true);
    if (Date.now() > ends) return holds(`${what} (${a.length} against ${b.length} numbers)`, false);
    await one.waitForTimeout(150);
  }
}
