// The Run view by mouse and keyboard: charts of all seeds and of one, the list of charts, the episode as a film strip and its ways on,
// seeds with outlines, more seeds with +, pause with Space, and a run that does not exist.
export async function check(page, ctx) {
  const runs = await page.evaluate(async (base) => {
    const answer = await fetch(`${base}/api/runs?limit=200`);
    return (await answer.json()).runs;
  }, ctx.url);
  const run =
    runs.find((r) => r.state === "done" && r.arm === "value") ?? runs.find((r) => r.state === "done");
  if (!run) throw new Error("the server has no finished run");
  await page.goto(`${ctx.url}/run?key=${run.key}`);
  await page
    .locator("main")
    .getByRole("heading", { level: 1, name: new RegExp(run.arm) })
    .waitFor();

  // Charts: six at most at first, others from the list, all seeds or this one.
  const charts = page.locator(".run-charts figure.chart");
  await charts.first().locator(".chart-caption").filter({ hasText: /point/ }).waitFor();
  const count = await charts.count();
  ctx.expect(`at first at most six charts are drawn, here ${count}`, count > 0 && count <= 6);
  await page.getByText(/\d+ of \d+ charts/).click();
  const off = page.getByRole("group", { name: "charts shown" }).locator("[aria-pressed=false]").first();
  if ((await off.count()) > 0) {
    await off.click();
    await charts.nth(count).waitFor();
    ctx.expect("a chart is drawn on demand", (await charts.count()) === count + 1);
  }
  const alone = page.getByRole("button", { name: "this seed", exact: true });
  if ((await alone.count()) > 0) {
    await alone.focus();
    await page.keyboard.press("Enter");
    await charts
      .first()
      .locator(".chart-caption")
      .filter({ hasText: /^1 seed,/ })
      .waitFor();
  }
  await ctx.shot("charts");

  // Seeds: failures first, outlines said to be outlines.
  const seeds = page.getByRole("region", { name: "Seeds" });
  await seeds.scrollIntoViewIfNeeded();
  await seeds.getByText(/outline of/).waitFor();
  ctx.expect("each seed has a row", (await seeds.getByRole("listitem").count()) > 0);

  // The newest kept episode, step by step, and the ways on.
  const episode = page.getByRole("region", { name: "Episode" });
  await episode.scrollIntoViewIfNeeded();
  await episode.locator("[data-step]").first().waitFor();
  await page.keyboard.press("j");
  await page.waitForFunction(() => /step=1/.test(location.search));
  await episode.getByRole("button", { name: "Open in the inspector" }).click();
  await page.waitForFunction(() => location.pathname.endsWith("/episode"));
  ctx.expect("the inspector opens at the step", /step=1/.test(page.url()));
  await page.goBack();
  await episode.locator("[data-step]").first().waitFor();
  const memory = episode.getByRole("button", { name: "Memory at this step" });
  if ((await memory.count()) > 0) {
    await memory.click();
    await page.waitForFunction(() => location.pathname.endsWith("/memory"));
    await page.goBack();
    await episode.locator("[data-step]").first().waitFor();
  }
  await page.keyboard.press("f");
  await page.waitForFunction(() => !/step=/.test(location.search));

  // More seeds with one key; they run and stand among the seeds.
  await page.locator("main").getByRole("heading", { level: 1 }).waitFor();
  const before = await seeds.getByRole("listitem").count();
  await page.keyboard.press("+");
  await page.getByText(/3 seeds added/).waitFor();
  await page.keyboard.press("Space");
  await page
    .getByRole("button", { name: "Resume" })
    .waitFor({ timeout: 3000 })
    .catch(() => undefined); // short runs are over before
  const resume = page.getByRole("button", { name: "Resume" });
  if ((await resume.count()) > 0) await page.keyboard.press("Space");
  await page.reload();
  await seeds.getByRole("listitem").nth(before).waitFor({ timeout: 30_000 });
  ctx.expect(
    "the new seeds stand among the others",
    (await seeds.getByRole("listitem").count()) >= before + 1,
  );
  await ctx.shot("seeds");

  // A run that does not exist: what failed, and a way on.
  ctx.tolerate?.("404");
  await page.goto(`${ctx.url}/run?key=000000000000000000000000`);
  await page.getByRole("alert").waitFor();
  await page.getByRole("button", { name: "Show the runs at hand" }).click();
  await page.locator("main").getByRole("heading", { name: "Runs" }).waitFor();
}
