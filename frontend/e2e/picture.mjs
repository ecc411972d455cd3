// Takes the picture of the README: LOCI_URL is a server without runs, LOCI_PICTURE the file to write.
import { openBrowser } from "./browser.mjs";

const url = process.env.LOCI_URL;
const file = process.env.LOCI_PICTURE;
if (!url || !file) {
  console.error("LOCI_URL or LOCI_PICTURE is not set: call build/screenshot");
  process.exit(2);
}
const browser = await openBrowser();
const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
await page.goto(url);
await page.goto(new URL("/notebook?path=experiments%2Fmemory-rewriting.md", url).href);
await page.waitForSelector(".run-row .button-main");
await page.locator(".segments label", { hasText: "fast" }).click();
await page.waitForFunction(() =>
  /^Run 4/.test(document.querySelector(".run-row .button-main")?.textContent ?? ""),
);
await page.locator(".run-row .button-main").click();
await page.waitForSelector(".cell-chart canvas", { timeout: 60_000 });
await page.waitForFunction(() => /4 of 4|100 %/.test(document.body.innerText), undefined, {
  timeout: 180_000,
});
await page.waitForTimeout(2500);
await page.screenshot({ path: file });
await browser.close();
