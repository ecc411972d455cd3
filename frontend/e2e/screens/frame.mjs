// Walks the frame: the eight screens by digit and by letter, the search, the keys, Back, reload, scroll, narrow and zoomed pages.

const SCREENS = ["library", "notebook", "run", "episode", "memory", "compare", "targets", "settings"];
const LETTERS = ["l", "n", "r", "e", "m", "c", "t", "s"];

/** Throws where the frame does not do what it says. */
export async function check(page, { url, shot, expect }) {
  const base = new URL(url).origin;
  await page.goto(`${base}/`);
  await page.getByRole("navigation", { name: "Screens" }).waitFor();
  await screens(page, expect);
  await search(page, expect, shot);
  await keysSheet(page, expect, shot);
  await places(page, expect, base);
  await narrow(page, expect, base, shot);
}

const at = (page, screen) =>
  page.waitForFunction(
    (s) => document.querySelector("main")?.classList.contains(`screen-${s}`) === true,
    screen,
  );

async function screens(page, expect) {
  for (const [i, screen] of SCREENS.entries()) {
    await page.keyboard.press(`Control+${i + 1}`);
    await at(page, screen);
    const here = page.locator(".rail-item[aria-current=page]");
    expect(`the rail marks ${screen}`, (await here.textContent())?.toLowerCase() === screen);
  }
  for (const [i, screen] of SCREENS.entries()) {
    await page.evaluate(() => document.activeElement instanceof HTMLElement && document.activeElement.blur());
    await page.keyboard.press("g");
    await page.keyboard.press(LETTERS[i]);
    await at(page, screen);
  }
  await page.waitForFunction(() => document.activeElement?.tagName === "H1");
  expect("the title names the screen", (await page.title()) === "Settings · Loci");
  await page.goBack();
  await at(page, "targets");
}

async function search(page, expect, shot) {
  const box = page.getByRole("combobox", { name: /Search screens/ });
  await page.keyboard.press("Control+k");
  await box.fill("settings");
  await page.getByRole("option", { name: /Go to Settings/ }).waitFor();
  await page.keyboard.press("Enter");
  await at(page, "settings");
  await page.keyboard.press("Control+k");
  await box.fill("seed 0");
  const run = page.getByRole("option").filter({ hasText: "seed 0" }).first();
  await run.waitFor();
  await shot("palette-runs");
  await run.click();
  await at(page, "run");
  await page.keyboard.press("Control+k");
  await box.fill("nothing is called like this");
  await page.getByText("Nothing is called").waitFor();
  await page.keyboard.press("Escape");
  await box.waitFor({ state: "detached" });
}

async function keysSheet(page, expect, shot) {
  await page.evaluate(() => document.activeElement instanceof HTMLElement && document.activeElement.blur());
  await page.keyboard.press("?");
  const sheet = page.getByRole("dialog");
  await sheet.getByText("Go to Library").waitFor();
  await shot("keys");
  expect(
    "the sheet leads to Settings",
    (await sheet.getByRole("link", { name: "Settings, Keys" }).count()) === 1,
  );
  await page.keyboard.press("Escape");
  await sheet.waitFor({ state: "detached" });
}

async function places(page, expect, base) {
  await page.goto(`${base}/settings`);
  await page.locator("main").getByRole("heading", { name: "Bin" }).waitFor();
  const main = page.locator("main");
  await main.evaluate((m) => m.scrollTo(0, 600));
  await page.waitForFunction(() => history.state?.scroll === 600);
  const top = () =>
    page.waitForFunction(() => Math.abs((document.querySelector("main")?.scrollTop ?? 0) - 600) < 3);
  await page.reload();
  await top();
  await page.keyboard.press("Control+7");
  await at(page, "targets");
  await page.goBack();
  await at(page, "settings");
  await top();
  expect("the address stays", new URL(page.url()).pathname === "/settings");
}

async function narrow(page, expect, base, shot) {
  const size = page.viewportSize();
  for (const [name, width] of [
    ["320", 320],
    ["zoom", 640],
    ["wide", 1920],
  ]) {
    await page.setViewportSize({ width, height: 800 });
    for (const path of ["settings", "targets"]) {
      await page.goto(`${base}/${path}`);
      await page.locator("main").getByRole("heading", { level: 1 }).waitFor();
      const over = await page.evaluate(() => {
        const main = document.querySelector("main");
        return Math.max(
          document.documentElement.scrollWidth - innerWidth,
          main ? main.scrollWidth - main.clientWidth : 0,
        );
      });
      expect(`${path} at ${width} px is no wider than the window`, over <= 0);
      await shot(`${path}-${name}`);
    }
  }
  if (size) await page.setViewportSize(size);
}
