/** Compare: filter, marks, the arms side by side, hiding, base, solved worlds, and the way into a notebook, by keys and by mouse. */
export async function check(page, ctx) {
  await list(page, ctx);
  await filterProblems(page, ctx);
  await marksByKeys(page, ctx);
  await sideBySide(page, ctx);
  await apart(page, ctx);
  await solved(page, ctx);
  await kept(page, ctx);
  await states(page, ctx);
}

const rows = (page) => page.locator("tr[data-row]");
const arms = (page) => page.locator("tr[data-arm]");
const filter = (page) => page.getByRole("searchbox", { name: "Filter" });

async function list(page, ctx) {
  await page.goto(`${ctx.url}/compare`);
  await rows(page).first().waitFor();
  const all = await rows(page).count();
  ctx.expect("the list holds sixty rows at most", all > 0 && all <= 60);
  await page.keyboard.press("/");
  await page.keyboard.type("paper:memrl arm:value");
  await page
    .getByRole("status")
    .filter({ hasText: /of \d+ runs in 1 arm$/ })
    .waitFor();
  ctx.expect("the filter stands in the address", page.url().includes("paper%3Amemrl"));
  ctx.expect(
    "only that arm is listed",
    (await page.locator("tr[data-row] th", { hasText: /^value$/ }).count()) === (await rows(page).count()),
  );
  await ctx.shot("filter");
}

async function filterProblems(page, ctx) {
  await filter(page).fill("lamda>0.3");
  const alert = page.getByRole("alert").filter({ hasText: "at character 1 is no field" });
  await alert.waitFor();
  ctx.expect("the legal fields are listed", (await alert.innerText()).includes("paper, notebook, arm"));
  await ctx.shot("problem");
  await alert.getByRole("button", { name: "lambda", exact: true }).click();
  await alert.waitFor({ state: "detached" });
  ctx.expect("the name was put in place", (await filter(page).inputValue()) === "lambda>0.3");
  await filter(page).fill("success>2");
  await page.getByText("passes this filter").waitFor();
  await page.getByRole("button", { name: "Show all runs" }).click();
  await rows(page).first().waitFor();
}

async function marksByKeys(page, ctx) {
  await filter(page).fill("paper:memrl seed:0 arm:value,similarity,none");
  await page.getByRole("status").filter({ hasText: "3 of" }).waitFor();
  await filter(page).press("Escape");
  await page.keyboard.press("s");
  await page.locator("th[aria-sort=descending]").waitFor();
  await page.waitForFunction(() => {
    const head = document.querySelector("th[aria-sort=descending]");
    const column = [...head.parentElement.children].indexOf(head);
    const values = [...document.querySelectorAll("tbody tr")].map((r) =>
      Number(r.children[column].textContent),
    );
    return (
      values.length === 3 && values.every((v, i) => i === 0 || values[i - 1] >= v) && values[0] > values[2]
    );
  });
  for (let i = 0; i < 3; i++) {
    await page.keyboard.press("j");
    await page.keyboard.press("Space");
    await page.locator(".mark-list li").nth(i).waitFor();
  }
  ctx.expect("three arms are marked", (await page.locator(".mark-list li").count()) === 3);
  await page.reload();
  await page.locator("tr.is-marked").nth(2).waitFor();
  await page.keyboard.press("c");
  await arms(page).nth(2).waitFor();
}

async function sideBySide(page, ctx) {
  ctx.expect(
    "settings that differ are columns",
    await page.getByRole("columnheader", { name: "memory.lambda" }).isVisible(),
  );
  ctx.expect("two seeds have no interval", !(await arms(page).first().innerText()).includes("[0."));
  ctx.expect(
    "the arm without memory is the base",
    (await page.locator("tr.is-base").innerText()).includes("none"),
  );
  await page.locator(".compare-sentence").filter({ hasText: "none" }).waitFor();
  await page.locator(".compare-chart canvas").first().waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("h");
  await page.waitForURL(/hide=/);
  ctx.expect("the hidden arm says so", (await page.getByText("hidden in charts").count()) === 1);
  await page.keyboard.press("h");
  await page.waitForURL((url) => !url.search.includes("hide="));
  await page.getByRole("button", { name: /^Base: set the others against value/ }).click();
  await page.waitForURL(/base=/);
  const before = page.url();
  await page.keyboard.press("s");
  await page.waitForURL(/metric=/);
  ctx.expect("the metric changes in place", page.url() !== before);
  await page.getByRole("button", { name: "Table", exact: true }).first().click();
  await page.locator(".compare-chart table").first().waitFor();
  await ctx.shot("arms");
}

async function apart(page, ctx) {
  await page.goto(`${ctx.url}/compare?arm=${ctx.runs.text}&arm=${ctx.runs.maze}`);
  await page.getByRole("region", { name: "What cannot be compared" }).waitFor();
  ctx.expect(
    "another world is named",
    (await page.locator(".obstacles").innerText()).includes("other world"),
  );
  await page.goto(`${ctx.url}/compare?view=list&arm=${ctx.runs.text}`);
  await page.getByRole("button", { name: "Against no memory" }).click();
  await arms(page).nth(1).waitFor();
  ctx.expect("no memory stands beside it", (await page.locator("tr.is-base").innerText()).includes("none"));
}

async function solved(page, ctx) {
  const panel = page.getByRole("region", { name: "Worlds solved" });
  const cells = panel.locator(".solved-cell");
  await cells.nth(3).waitFor();
  const counts = await panel.locator(".solved-count").allInnerTexts();
  const biggest = counts.map(Number).indexOf(Math.max(...counts.map(Number)));
  await cells.nth(biggest).focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(/cell=/);
  const link = panel.getByRole("listitem").first().getByRole("link");
  await link.waitFor();
  await ctx.shot("solved");
  const to = new URL(await link.getAttribute("href"), ctx.url);
  ctx.expect(
    "a world opens both episodes",
    to.pathname === "/episode" && to.searchParams.has("other") && to.searchParams.has("other-episode"),
  );
  await link.click();
  await page.waitForURL(/\/episode\?/);
  await page.goBack();
  await arms(page).nth(1).waitFor();
}

async function kept(page, ctx) {
  await page.getByRole("button", { name: "Save this view" }).click();
  await page
    .getByRole("group", { name: "save this view into a notebook" })
    .getByRole("button", { name: "Save" })
    .click();
  const told = page.getByText("The view stands in the notebook now");
  await told.waitFor();
  await page.getByRole("button", { name: "Open it" }).click();
  await page.waitForURL(/\/notebook\?/);
  await page.getByText("View: /compare?").first().waitFor();
  ctx.expect("the note has the sentence", (await page.getByText(/success:/).count()) > 0);
}

async function states(page, ctx) {
  ctx.tolerate("404");
  await page.goto(`${ctx.url}/compare?arm=nothing&arm=${ctx.runs.text}`);
  await page.getByRole("alert").filter({ hasText: "no run of this computer" }).waitFor();
  await page.getByRole("button", { name: "Choose other arms" }).click();
  await rows(page).first().waitFor();
}
