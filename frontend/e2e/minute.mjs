// Films the first minute of a newcomer as a strip of pictures, and checks each sentence of it. The data folder must be fresh: the
// script starts the server itself. LOCI_BIN is the program, LOCI_SHOTS the folder for the pictures.
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBrowser } from "./browser.mjs";

const folder = process.env.LOCI_SHOTS ?? "minute";
const home = await mkdtemp(join(tmpdir(), "loci-minute-"));
await mkdir(folder, { recursive: true });
const server = spawn(process.env.LOCI_BIN ?? "bin/loci", ["serve"], {
  env: { ...process.env, LOCI_HOME: home },
});
const address = await new Promise((found, lost) => {
  let text = "";
  const look = (chunk) => {
    text += chunk;
    const url = /http:\/\/\S+/.exec(text);
    if (url) found(url[0]);
  };
  server.stdout.on("data", look);
  server.stderr.on("data", look);
  server.on("exit", (code) => lost(new Error(`the server ended with ${code}: ${text}`)));
});

const browser = await openBrowser();
const context = await browser.newContext({
  viewport: { width: 1280, height: 800 },
  colorScheme: process.env.LOCI_DARK ? "dark" : "light",
});
const page = await context.newPage();
const faults = [];
const strip = [];
page.on("pageerror", (e) => faults.push(`error on the page: ${e.message}`));
page.on("console", (m) => m.type() === "error" && faults.push(`console: ${m.text()}`));
page.on("request", (r) => {
  if (!r.url().startsWith(new URL(address).origin) && !/^(data|blob):/.test(r.url()))
    faults.push(`asked for ${r.url()}`);
});

const began = Date.now();
const clock = () => (Date.now() - began) / 1000;
const check = (what, holds) => {
  console.log(`${holds ? "ok  " : "FAIL"} ${clock().toFixed(1).padStart(5)} s  ${what}`);
  if (!holds) faults.push(what);
};
/** A time that is aimed at: five times as long is a fault. */
const limit = (what, seconds, aim) =>
  check(
    `${what}: ${seconds.toFixed(1)} s${seconds > aim ? ", longer than aimed at" : ""}`,
    seconds <= 5 * aim,
  );
const shot = async (name) => {
  const at = clock();
  const file = `${String(strip.length + 1).padStart(2, "0")}-${name}.png`;
  await page.screenshot({ path: join(folder, file) });
  strip.push({ file, seconds: Number(at.toFixed(1)), name });
};
/** Waits until so many seconds of the minute have passed: the reader reads. */
const until = (seconds) => page.waitForTimeout(Math.max(0, seconds * 1000 - (Date.now() - began)));

try {
  await minute();
} catch (error) {
  faults.push(String(error));
  await shot("fault").catch(() => undefined);
}
await writeFile(join(folder, "strip.json"), JSON.stringify(strip, null, 2));
await browser.close();
server.removeAllListeners("exit");
server.kill("SIGINT");
for (const fault of faults) console.error(fault);
process.exit(faults.length > 0 ? 1 : 0);

async function minute() {
  await page.goto(address);
  const start = page.getByRole("button", { name: "Start here, 1 minute" });
  await start.waitFor();
  check("0 s: the Library has one card marked start here, 1 minute", (await start.count()) === 1);
  await shot("library");

  await until(3);
  const clicked = clock();
  await start.click();
  await page.getByRole("heading", { name: "Which arm will solve more?" }).waitFor();
  await page.locator(".lesson-pictures canvas").first().waitFor();
  const recorded = page.getByText(/recorded on .*cores/);
  check(
    "5 s: recorded results are drawn, marked with where they were recorded",
    await recorded.first().isVisible(),
  );
  limit("5 s: the notebook is open 3 s after the click", clock() - clicked, 3);
  await until(5);
  await shot("lesson");

  await until(10);
  const answers = page.locator(".lesson-answer");
  check("10 s: one question, two buttons", (await answers.count()) === 2);
  check("10 s: one hint at most", (await page.locator(".hint-line:not([hidden])").count()) === 1);
  await shot("question");

  await until(15);
  const asked = clock();
  await answers.first().click();
  await page.locator(".lane-marks .lane-mark").first().waitFor({ timeout: 20_000 });
  const first = clock() - asked;
  limit("15 s: the first episode appears within 3 s of the answer", first, 3);
  await shot("episodes");

  const result = page.locator(".lesson-result");
  await result.waitFor({ timeout: 60_000 });
  const took = clock() - asked;
  limit("the run ends within 20 s", took, 20);
  const said = await result.innerText();
  check("40 s: the result against the guess", /You said value|Neither is ahead/.test(said));
  check("40 s: an honest word about two seeds", said.includes("2 seeds: a hint, not proof"));
  await until(40);
  await shot("result");

  await until(45);
  await page.getByRole("button", { name: "Why?" }).click();
  await page.waitForURL(/\/episode\?key=.*&episode=\d+&step=\d+/);
  const mark = page.locator(".hint-line mark");
  await mark.waitFor();
  check("50 s: why opens the episode at a step", true);
  check("50 s: one sentence is highlighted", /read entry/.test(await mark.innerText()));
  await until(50);
  await shot("why");

  await page.keyboard.press("Escape");
  check("a hint goes with Escape", (await page.locator(".hint-line:not([hidden])").count()) === 0);
  await page.keyboard.press("?");
  check("and comes back in the list of keys", await page.locator(".keys-hint").isVisible());
  await page.keyboard.press("Escape");
  await page.goBack();
  await result.waitFor();
  for (const way of ["Turn a knob", "Read the mechanism", "Run 5 seeds"])
    check(`60 s: a way on: ${way}`, await page.getByRole("button", { name: way }).isVisible());
  await until(60);
  await page.getByRole("button", { name: "Turn a knob" }).scrollIntoViewIfNeeded();
  await shot("ways-on");

  const knob = page.locator('.lesson [data-field="lambda"] input[type=text]');
  await page.getByRole("button", { name: "Turn a knob" }).click();
  await knob.fill("0.9");
  await knob.press("Enter");
  await page.waitForURL(/notebooks\/memrl/);
  await result.waitFor({ timeout: 30_000 });
  check("a turned knob starts its own short run in the reader's copy", true);
  await shot("knob");
}
