// Walks the Notebook by mouse and by keyboard: forms, text twins, errors in place, undo, cut, paste, move, timeline, take over, lesson.

/** ctx: {url, home, shot(name), expect}. expect(what, holds) may be left out. */
export async function check(page, ctx) {
  const expect = (what, holds) => {
    if (!holds) throw new Error(`notebook: ${what}`);
  };
  const base = new URL(ctx.url).origin;
  const cells = page.locator(".cell");
  const ids = () => cells.evaluateAll((all) => all.map((c) => c.id));
  const waitFor = async (what, holds, seconds = 10) => {
    const end = Date.now() + seconds * 1000;
    while (!(await holds())) {
      if (Date.now() > end) throw new Error(`notebook: ${what}`);
      await page.waitForTimeout(50);
    }
  };

  // Empty, and an error.
  await page.goto(`${base}/notebook`);
  await page.getByRole("button", { name: "Choose one in the Library" }).waitFor();
  await page.goto(`${base}/notebook?path=experiments/none.md`);
  await page.getByText("could not be opened").waitFor();

  // A shipped notebook: recorded results, formulas as MathML.
  await page.goto(`${base}/notebook?path=experiments/memrl.md`);
  await page.locator(".prose math").first().waitFor();
  await page.getByText("Recorded results are shown").waitFor();
  await ctx.shot("notebook-shipped");

  // The first edit makes a copy; the knob says that it is set.
  const lambda = page.locator('.cell-memory [data-field="lambda"] input[type=text]');
  await lambda.fill("0.4");
  await lambda.press("Enter");
  await page.waitForURL(/notebooks%2F|notebooks\//);
  await page.locator('.cell-memory [data-field="lambda"].knob-set').waitFor();
  await page.waitForLoadState("networkidle").catch(() => undefined);
  const path = new URL(page.url()).searchParams.get("path");

  // Keyboard: select, cut, undo, paste, move.
  await page.locator("#cell-prose-1").click({ position: { x: 5, y: 5 } });
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  const before = await ids();
  await page.locator("#cell-chart-learning .cell-head").click({ position: { x: 30, y: 8 } });
  await page.keyboard.press("Escape");
  await page.keyboard.press("x");
  await waitFor("x cuts the cell", async () => !(await ids()).includes("cell-chart-learning"));
  await page.locator(".notice", { hasText: "deleted" }).waitFor();
  await page.keyboard.press("u");
  await waitFor("u brings it back in its place", async () => (await ids()).join() === before.join());
  await page.locator("#cell-chart-learning .cell-head").click({ position: { x: 30, y: 8 } });
  await page.keyboard.press("Escape");
  await page.keyboard.press("Alt+ArrowDown");
  await waitFor(
    "Alt+Down moves it",
    async () => (await ids()).indexOf("cell-chart-learning") === before.indexOf("cell-chart-learning") + 1,
  );
  await page.keyboard.press("Alt+ArrowUp");
  await waitFor("Alt+Up moves it back", async () => (await ids()).join() === before.join());

  // The strip after deleting.
  await page.keyboard.press("x");
  await page.locator(".notice", { hasText: "deleted" }).last().getByRole("button", { name: "Undo" }).click();
  await waitFor("the strip brings it back", async () => (await ids()).includes("cell-chart-learning"));

  // Text twin with an error in place, and the way back.
  const memory = page.locator(".cell-memory");
  await memory.getByRole("button", { name: "As text" }).click();
  const editor = memory.locator(".cm-content");
  await editor.click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("nonsense: 3\n");
  await memory.locator(".cm-problem").first().waitFor();
  await memory.getByRole("button", { name: "Back to the last good text" }).waitFor();
  await ctx.shot("notebook-error");
  await memory.getByRole("button", { name: "Back to the last good text" }).click();
  await waitFor(
    "the last good text solves it",
    async () => (await memory.locator(".problems").count()) === 0,
  );
  await editor.click();
  await page.keyboard.press("Control+End");
  await page.keyboard.press("Control+Space");
  await page.locator(".cm-tooltip-autocomplete").waitFor();
  await ctx.shot("notebook-completion");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await memory
    .getByRole("button", { name: "As form" })
    .or(memory.getByRole("button", { name: "As text" }))
    .first()
    .waitFor();

  // Search, whole text, timeline with a restore.
  await page.locator("#cell-prose-1").click({ position: { x: 5, y: 5 } });
  await page.keyboard.press("/");
  await page.keyboard.type("forgetting");
  await page.locator(".outline-count").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "All as text" }).click();
  await page.locator(".source-twin .cm-content").waitFor();
  await ctx.shot("notebook-text");
  await page.getByRole("button", { name: "All as text" }).click();
  await page.getByRole("button", { name: "Timeline" }).click();
  await page.locator(".timeline-row").last().click();
  await page.locator(".diff-line").first().waitFor();
  await ctx.shot("notebook-timeline");
  await page.getByRole("button", { name: "Restore this text" }).click();
  await page.locator('.cell-memory [data-field="lambda"]:not(.knob-set)').waitFor();
  await page.keyboard.press("Control+z");
  await page.locator('.cell-memory [data-field="lambda"].knob-set').waitFor();

  // A second page reads and takes over.
  const other = await page.context().newPage();
  await other.goto(`${base}/notebook?path=${encodeURIComponent(path)}`);
  await other.getByRole("button", { name: "Take over" }).click();
  await page.getByText("Another page writes in this notebook").waitFor();
  await other.close();

  // The lesson view by its address.
  await page.goto(`${base}/notebook?path=experiments/memories.md&lesson=paper`);
  await page.locator(".lesson-question, .failure").first().waitFor();
  expect(
    "a lesson asks or says why it cannot",
    (await page.locator(".lesson-answer").count()) === 2 || (await page.locator(".failure").count()) === 1,
  );
  await ctx.shot("notebook-lesson");
}
