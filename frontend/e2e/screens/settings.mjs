// Walks the Settings screen: changes, refusals, keys, secrets, search, reset, the bin; by mouse and by keyboard.

/** Throws where the screen does not do what it says. */
export async function check(page, { url, shot, expect }) {
  const base = new URL(url).origin;
  await page.goto(`${base}/settings`);
  await page.locator("main").getByRole("heading", { level: 1, name: "Settings" }).waitFor();
  await shot("settings");
  await look(page, expect, shot);
  await refusal(page, expect);
  await search(page, expect);
  await keys(page, expect, shot);
  await secrets(page, expect, shot);
  await bin(page, expect, base, shot);
  await page.goto(`${base}/settings`);
  const all = page.getByRole("button", { name: "Reset all" });
  await all.waitFor();
  if (await all.isEnabled()) await all.click();
  await page.getByText("All defaults: nothing is needed to begin.").waitFor();
}

async function look(page, expect, shot) {
  const mode = page.getByLabel("Light or dark", { exact: true });
  await mode.selectOption("dark");
  await page.waitForFunction(() => document.documentElement.dataset.mode === "dark");
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  expect("the page is dark", (await ground()) === "rgb(20, 23, 26)");
  await page.reload();
  expect("the first paint after a reload is dark", (await ground()) === "rgb(20, 23, 26)");
  await shot("settings-dark");
  await page.emulateMedia({ media: "print" });
  expect("print is light", (await ground()) === "rgb(255, 255, 255)");
  await page.emulateMedia({ media: null });
  await page.getByRole("button", { name: "Reset Light or dark to as the system" }).click();
  await page.waitForFunction(() => document.documentElement.dataset.mode === undefined);
}

async function refusal(page, expect) {
  const jobs = page.getByLabel("Runs at a time", { exact: true });
  const old = await jobs.inputValue();
  await jobs.fill("0");
  await jobs.press("Enter");
  const said = page.getByRole("alert").filter({ hasText: "whole number from 1 to 256" });
  await said.waitFor();
  expect("the field is marked", (await jobs.getAttribute("aria-invalid")) === "true");
  await page.reload();
  expect(
    "the old value stays",
    (await page.getByLabel("Runs at a time", { exact: true }).inputValue()) === old,
  );
}

async function search(page, expect) {
  await page.locator("main").getByRole("heading", { level: 1 }).click();
  await page.keyboard.press("/");
  await page.keyboard.type("disk");
  await page.waitForFunction(() => new URLSearchParams(location.search).get("q") === "disk");
  await page.getByLabel("Free disk", { exact: true }).waitFor();
  expect("others are hidden", (await page.getByLabel("Light or dark", { exact: true }).count()) === 0);
  const box = page.getByRole("searchbox", { name: "Search the settings" });
  await box.fill("zzz");
  await page.getByText("No setting speaks of “zzz”.").waitFor();
  await box.fill("");
}

async function keys(page, expect, shot) {
  const box = page.getByRole("searchbox", { name: "Search the settings" });
  await box.fill("Copy the address");
  const change = page.getByRole("button", { name: "Change the key of Copy the address of this place" });
  await change.click();
  await page.keyboard.press("?");
  await page.getByRole("button", { name: "Use it" }).click();
  await page.getByText("also means “Show the keys”").first().waitFor();
  await shot("settings-keys");
  await change.click();
  await page.keyboard.press("Y");
  await page.getByRole("button", { name: "Use it" }).click();
  await page.getByText("also means “Show the keys”").first().waitFor({ state: "detached" });
  await page.locator("main").getByRole("heading", { level: 1 }).click();
  await page.keyboard.press("?");
  const sheet = page.getByRole("dialog");
  await sheet.getByText("(changed)").waitFor();
  await page.keyboard.press("Escape");
  await sheet.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Reset the key of Copy the address of this place" }).click();
  await box.fill("");
  expect("the page is whole again", (await page.getByLabel("Light or dark", { exact: true }).count()) === 1);
}

async function secrets(page, expect, shot) {
  const value = "e2e-value-that-never-comes-back";
  await page.getByRole("button", { name: "New secret" }).click();
  await page.getByLabel("Name", { exact: true }).fill("e2e-check");
  await page.getByLabel("Value", { exact: true }).fill(value);
  await page.getByRole("button", { name: "Keep", exact: true }).click();
  const pass = page.getByLabel(/passphrase of the encrypted file/i);
  const kept = page.locator(".secret-list code", { hasText: "e2e-check" });
  await pass.or(kept).first().waitFor();
  if (await pass.isVisible()) {
    await shot("settings-passphrase");
    await pass.fill("four words unlike others");
    await page.getByRole("button", { name: "Keep", exact: true }).click();
  }
  await kept.waitFor();
  expect("the value is nowhere on the page", !(await page.content()).includes(value));
  await shot("settings-secret");
  await page.getByRole("button", { name: "Delete e2e-check" }).click();
  await kept.waitFor({ state: "detached" });
}

async function bin(page, expect, base, shot) {
  const { runs } = await (await page.request.get(`${base}/api/runs?limit=1`)).json();
  const key = runs[0].key;
  const strip = page.getByText(/is in the bin for 30 days/);
  const remove = async () => {
    await page.goto(`${base}/run?key=${key}`);
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await strip.waitFor();
  };
  await remove();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.waitForFunction((k) => new URLSearchParams(location.search).get("key") === k, key);
  await remove();
  await page.goto(`${base}/settings?q=bin`);
  await page.getByText("1 deleted run").waitFor();
  await page.getByRole("button", { name: "Empty the bin" }).click();
  const sure = page.getByRole("button", { name: "Remove for good" });
  expect("the bin asks for its word", await sure.isDisabled());
  await page.getByLabel(/Type empty to remove/).fill("empty");
  expect("the word opens it", await sure.isEnabled());
  await shot("settings-bin");
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: /^Restore / }).click();
  await page.getByText("The bin is empty.").waitFor();
  const again = await (await page.request.get(`${base}/api/runs?limit=1`)).json();
  expect("it is there again", again.runs[0].key === key);
}
