// Walks the form of a sweep by keyboard alone: a new sweep that can run at once, another kind, a wrong value at its field, a knob more, undo.

/** Throws where the form does not do what it says. */
export async function check(page, { url, shot, expect }) {
  const base = new URL(url).origin;
  const holds = (what, is) => {
    expect?.(what, is);
    if (!is) throw new Error(`sweep: ${what}`);
  };
  await page.goto(`${base}/notebook?path=experiments/memory-rewriting.md`);
  const run = page.locator("#cell-run");
  await run.getByRole("button", { name: "More for this cell" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem", { name: "Sweep" }).focus();
  await page.keyboard.press("Enter");
  const cell = page.locator("#cell-sweep-sweep");
  await cell.getByText("Points appear here once the sweep runs.").waitFor();
  const text = cell.locator("pre.plain");
  const reads = (words) => text.filter({ hasText: words }).waitFor();
  await cell.getByRole("button", { name: "Set up" }).focus();
  await page.keyboard.press("Enter");
  const field = (key) => cell.locator(`[data-field="${key}"]`);
  await field("kind").locator("select").focus();
  await page.keyboard.press("ArrowDown");
  await reads("kind: random");
  await page.keyboard.press("ArrowDown");
  await reads("kind: halving");
  holds("halving brings the steps along", /resource: rl\.steps/.test((await text.textContent()) ?? ""));
  await shot("sweep-form");

  const samples = field("samples").locator("input[type=text]");
  const before = await text.textContent();
  await samples.focus();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("1");
  await page.keyboard.press("Tab");
  await field("samples").getByRole("alert").filter({ hasText: "samples is 1, want at least 2" }).waitFor();
  holds("what is wrong is not written", (await text.textContent()) === before);
  await shot("sweep-form-wrong");
  await samples.focus();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("2");
  await page.keyboard.press("Enter");
  await cell.getByText("Every change is written into the notebook at once.").waitFor();

  // An arm without this knob: the server refuses, and the knob says why. The focus is in its values then.
  await cell.getByLabel("knob to try").focus();
  await page.keyboard.type("agent.width");
  await page.keyboard.press("Enter");
  await cell
    .locator('[data-axis="agent.width"]')
    .getByRole("alert")
    .filter({ hasText: "has no knob" })
    .waitFor();
  await shot("sweep-form-refused");
  await cell.getByRole("button", { name: "take agent.width out of the sweep" }).focus();
  await page.keyboard.press("Enter");
  await page.keyboard.type("rl.gamma"); // the focus is back where a knob is added
  await page.keyboard.press("Enter");
  await reads("rl.gamma: [");
  await page.keyboard.press("Control+a");
  await page.keyboard.type("0.9, 0.95, 0.99");
  await page.keyboard.press("Enter");
  await reads("rl.gamma: [0.9, 0.95, 0.99]");
  await cell.locator(".cell-head h2").click();
  await page.keyboard.press("Escape");
  await page.keyboard.press("u");
  await text.filter({ hasText: "rl.gamma: [0.9, 0.95, 0.99]" }).waitFor({ state: "detached" });
}
