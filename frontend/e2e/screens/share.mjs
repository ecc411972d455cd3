// Sharing by mouse and by keyboard: sizes first, an archive and a page, a secret that stops it, a file that is taken in.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const NOTEBOOK = "experiments/memrl.md";

/** ctx: {url, home, shot(name), expect}; url is the server's origin, and the page is logged in. */
export async function check(page, ctx) {
  const folder = await mkdtemp(join(tmpdir(), "share-"));
  try {
    const loci = await shared(page, ctx, folder);
    await onePage(page, ctx, folder);
    await refused(page, ctx, folder);
    await takenIn(page, ctx, loci);
    await stopped(page, ctx);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function at(ctx, path) {
  return new URL(path, ctx.url).href;
}

async function openDialogue(page, ctx, path = NOTEBOOK) {
  await page.goto(at(ctx, `/notebook?path=${encodeURIComponent(path)}&budget=fast`));
  const button = page.getByRole("button", { name: "Share", exact: true });
  await button.waitFor();
  await button.focus();
  await page.keyboard.press("Enter");
  const dialogue = page.getByRole("dialog", { name: "Share" });
  await dialogue.waitFor();
  return dialogue;
}

/** By keyboard alone: the usual choice, an archive. */
async function shared(page, ctx, folder) {
  const dialogue = await openDialogue(page, ctx);
  await dialogue.getByText("Memory history").waitFor();
  assert.match(await dialogue.innerText(), /Results[\s\S]*\d+ (kB|MB)/, "sizes are told first");
  assert.equal(
    await dialogue.getByRole("checkbox", { name: /^Weights/ }).isChecked(),
    false,
    "weights stay unless wanted",
  );
  await ctx.shot("share-choices");
  const write = dialogue.getByRole("button", { name: /^Write the file/ });
  await write.focus();
  await page.keyboard.press("Enter");
  const file = await saved(page, dialogue, folder);
  assert.ok(file.endsWith(".loci"), file);
  await ctx.shot("share-done");
  assert.equal((await readFile(file)).subarray(0, 2).toString(), "PK", "the archive is one");
  await page.keyboard.press("Escape");
  await dialogue.waitFor({ state: "detached" });
  return file;
}

async function saved(page, dialogue, folder) {
  const link = dialogue.getByRole("link", { name: "Save the file" });
  await link.waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
  const file = join(folder, download.suggestedFilename());
  await download.saveAs(file);
  return file;
}

/** By mouse: a page with results alone is smaller than the one with everything. */
async function onePage(page, ctx, folder) {
  const dialogue = await openDialogue(page, ctx);
  await dialogue.getByRole("radio", { name: /^For any browser/ }).click();
  const label = () => dialogue.getByRole("button", { name: /^Write the file/ }).innerText();
  const before = await label();
  await dialogue.getByRole("checkbox", { name: /^Memory history/ }).click();
  assert.notEqual(await label(), before, "the size follows the choice");
  await dialogue.getByRole("button", { name: /^Write the file/ }).click();
  const text = await readFile(await saved(page, dialogue, folder), "utf8");
  assert.match(text, /^<!doctype html>/);
  assert.ok(!text.includes('data-block="memory:'), "what was not chosen is not in it");
  await page.keyboard.press("Escape");
}

/** A file that is none is refused in words, and nothing of it is kept. */
async function refused(page, ctx, folder) {
  ctx.tolerate?.("Failed to load resource"); // the refusal itself, as browsers log it
  const broken = join(folder, "broken.loci");
  await writeFile(broken, "no archive");
  await page.goto(at(ctx, "/"));
  await page.getByLabel("a shared .loci file").setInputFiles(broken);
  const dialogue = page.getByRole("dialog", { name: "broken.loci" });
  await dialogue.getByText(/the experiment file is refused/).waitFor();
  await ctx.shot("import-refused");
  await page.keyboard.press("Escape");
}

/** A shared file is looked at first, then kept; the notebook opens and nothing is run. */
async function takenIn(page, ctx, file) {
  await page.goto(at(ctx, "/"));
  await page.getByLabel("a shared .loci file").setInputFiles(file);
  const dialogue = page.getByRole("dialog");
  await dialogue.getByText(/^In it: \d+ runs?/).waitFor();
  await dialogue.getByText("To run it, it would need").waitFor();
  await ctx.shot("import-preview");
  await dialogue.getByRole("button", { name: "Keep it and open" }).click();
  await page.waitForURL(/\/notebook\?path=notebooks(\/|%2F)/);
  await page
    .getByText(/Opened for reading\. Nothing was run\./)
    .first()
    .waitFor();
}

/** A key in the notebook stops the export, is named by its place and never shown. */
async function stopped(page, ctx) {
  const key = "hf" + "_" + "Zq3Kd9Lm2Np7Rt5Vx8Yb4Cf6Gh1Jk0WsAe";
  const path = new URL(page.url()).searchParams.get("path");
  const at = join(ctx.home, path);
  await writeFile(at, `${await readFile(at, "utf8")}\nmy key is ${key}\n`);
  const dialogue = await openDialogue(page, ctx, path);
  await page.getByText("my key is").first().waitFor(); // the server has read the file again
  await dialogue.getByRole("button", { name: /^Write the file/ }).click();
  await dialogue.getByText("Nothing was written").waitFor();
  await dialogue.getByText("Hugging Face token").waitFor();
  assert.ok(!(await dialogue.innerText()).includes(key), "the value is not shown");
  await ctx.shot("share-secret");
  await page.keyboard.press("Escape");
}
