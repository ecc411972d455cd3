// Takes a picture of each screen in its states, light and dark, wide and narrow, against made-up answers.
// LOCI_SHOTS names the folder (default: shots); arguments choose by part of the name.
import { mkdir } from "node:fs/promises";
import { preview } from "vite";
import { openBrowser } from "./browser.mjs";
import { installFake } from "./fake.mjs";

const folder = process.env.LOCI_SHOTS ?? "shots";
const only = process.argv.slice(2);
const NOTEBOOK = "/notebook?path=experiments/memory-rewriting.md";
const RUN = "/run?key=klstm102";

const SHOTS = [
  { name: "library", at: "/" },
  { name: "library-open", at: "/?paper=memory-rewriting" },
  { name: "library-empty", at: "/", state: "empty" },
  { name: "library-error", at: "/", state: "error" },
  { name: "library-loading", at: "/", state: "loading" },
  { name: "library-large", at: "/", state: "large" },
  { name: "notebook", at: NOTEBOOK, tall: true },
  { name: "notebook-empty", at: "/notebook", state: "empty" },
  { name: "notebook-fresh", at: NOTEBOOK, state: "empty", tall: true },
  { name: "notebook-problems", at: NOTEBOOK, state: "problems" },
  { name: "notebook-error", at: NOTEBOOK, state: "error" },
  { name: "run", at: RUN, tall: true },
  { name: "run-empty", at: "/run", state: "empty" },
  { name: "run-error", at: RUN, state: "error" },
  { name: "palette", at: NOTEBOOK, keys: "Control+k" },
  { name: "keys", at: NOTEBOOK, keys: "?" },
];
const LOOKS = [
  { name: "light", scheme: "light", width: 1280 },
  { name: "dark", scheme: "dark", width: 1280 },
  { name: "narrow", scheme: "light", width: 320 },
  { name: "zoom", scheme: "light", width: 640 },
];

await mkdir(folder, { recursive: true });
const server = await preview({ preview: { port: 0 }, logLevel: "error" });
const base = server.resolvedUrls.local[0].replace(/\/$/, "");
const browser = await openBrowser();
const faults = [];
for (const look of LOOKS) {
  for (const shot of SHOTS) {
    const name = `${shot.name}-${look.name}`;
    if (only.length > 0 && !only.some((o) => name.includes(o))) continue;
    const height = shot.tall ? 2600 : 800;
    const context = await browser.newContext({
      viewport: { width: look.width, height },
      colorScheme: look.scheme,
    });
    const page = await context.newPage();
    page.on(
      "console",
      (m) => m.type() === "error" && !/503|404/.test(m.text()) && faults.push(`${name}: ${m.text()}`),
    );
    page.on("pageerror", (e) => faults.push(`${name}: ${e.message}`));
    await installFake(page, shot.state);
    await page.goto(base + shot.at);
    await page.waitForTimeout(shot.tall ? 1200 : 500);
    if (shot.keys) {
      await page.keyboard.press(shot.keys);
      await page.waitForTimeout(300);
    }
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (wide > 0) faults.push(`${name}: ${wide} px wider than the window`);
    await page.screenshot({ path: `${folder}/${name}.png` });
    await context.close();
  }
}
await browser.close();
await server.close();
for (const fault of faults) console.error(fault);
process.exit(faults.length > 0 ? 1 : 0);
