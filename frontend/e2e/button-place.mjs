// Prints where the run button of the notebook at LOCI_URL is drawn in a window of 1280 x 860, as "x y". The desktop window shows the same
// page at the same size.
import { openBrowser } from "./browser.mjs";

const url = process.env.LOCI_URL;
if (!url) {
  console.error("LOCI_URL is not set: start `loci serve` and give the address that it prints");
  process.exit(2);
}
const browser = await openBrowser();
const page = await (await browser.newContext({ viewport: { width: 1280, height: 860 } })).newPage();
await page.goto(url);
await page.waitForSelector(".run-row .button-main");
const box = await page.locator(".run-row .button-main").boundingBox();
await browser.close();
if (!box) {
  console.error("the run button is not drawn");
  process.exit(1);
}
console.log(Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2));
