// Walks the Memory screen against a real server whose records come from memrl, memories and memory-rewriting at fast budget: its states,
// its views, time travel and differences by mouse and by keyboard, and the address that brings all of it back.

const RUNS = (arm) => (r) => r.arm === arm && r.state === "done";

/** The key of a run of that arm, asked from the server as the page does. */
async function find(page, choose) {
  const runs = await page.evaluate(async () => (await (await fetch("/api/runs?limit=500")).json()).runs);
  return runs.find(choose)?.key;
}

async function infoOf(page, key) {
  return page.evaluate(async (k) => (await fetch(`/api/run/${k}/memory`)).json(), key);
}

export async function check(page, ctx) {
  const { url, shot, expect } = ctx;
  // A run that is not there and a filter that is unknown are refused; the browser tells of every refusal.
  ctx.tolerate?.("status of 404");
  ctx.tolerate?.("status of 400");
  const open = (path) => page.goto(new URL(path, url).href);
  const param = (name) => new URL(page.url()).searchParams.get(name);
  const settled = async (name, value) => {
    await page.waitForFunction(([n, v]) => new URL(location.href).searchParams.get(n) === v, [name, value]);
  };

  // Without a run: the runs at hand.
  await open("/memory");
  await page.locator("main").getByRole("heading", { name: "Memory", exact: true }).waitFor();
  await page.getByRole("link", { name: /value/ }).first().waitFor();
  await shot("memory-runs");

  // Error: a run that is not there.
  await open("/memory?key=nosuchrun");
  await page.getByRole("alert").waitFor();
  expect(
    "an error offers another try",
    (await page.getByRole("button", { name: "Try again" }).count()) === 1,
  );

  // The bank at the newest moment.
  const key = await find(page, RUNS("value"));
  expect("a finished run of the arm value is at hand", Boolean(key));
  const info = await infoOf(page, key);
  await open(`/memory?key=${key}`);
  const table = page.getByRole("region", { name: "entries of the bank" });
  await table.waitFor();
  await page.getByText(/were never read/).waitFor();
  const rows = await table.locator("tbody tr").count();
  expect(`${rows} rows, want 1 to 60`, rows <= 60 && rows > 0);
  await shot("memory-table");

  // Keys: one operation back, one episode back, pin, difference.
  await page.locator("main").focus();
  await page.keyboard.press("ArrowLeft");
  await settled("at", String(info.moments - 1));
  await page.keyboard.press("Shift+ArrowLeft");
  await page.waitForFunction(
    (m) => Number(new URL(location.href).searchParams.get("at")) < m,
    info.moments - 1,
  );
  const slider = page.getByRole("slider", { name: /Moment/ });
  await slider.fill(String(Math.floor(info.moments / 4)));
  await settled("at", String(Math.floor(info.moments / 4)));
  await page.locator("main").focus();
  await page.keyboard.press("p");
  await settled("against", String(Math.floor(info.moments / 4)));
  await slider.fill(String(Math.floor(info.moments / 2)));
  await settled("at", String(Math.floor(info.moments / 2)));
  await page.getByRole("button", { name: /[1-9]\d* written/ }).waitFor();
  await shot("memory-difference");
  await page.getByRole("button", { name: /[1-9]\d* written/ }).click();
  await settled("q", "op:write");
  expect("new entries are marked", (await table.locator("tbody tr .since-write").count()) > 0);

  // A filter that is unknown says what is legal, and the table stays.
  const filter = page.getByRole("searchbox", { name: "Filter the entries" });
  await page.locator("main").focus();
  await page.keyboard.press("/");
  await filter.fill("colour>3");
  await page
    .getByRole("alert")
    .getByText(/colour/)
    .waitFor();
  await filter.fill("");
  await settled("q", null);

  // The life of an entry, by keyboard, and its events by mouse.
  await page.locator("main").focus();
  await page.keyboard.press("j");
  await page.waitForFunction(() => new URL(location.href).searchParams.get("entry") !== null);
  const life = page.getByRole("complementary", { name: /Life of entry/ });
  await life.getByText("written").first().waitFor();
  const before = param("at");
  await life.getByRole("button", { name: /^ep / }).first().click();
  await page.waitForFunction((at) => new URL(location.href).searchParams.get("at") !== at, before);
  await shot("memory-life");

  // Ask: what would be read, with the near misses.
  await slider.fill(String(info.moments - 2));
  await page.locator("main").focus();
  await page.keyboard.press("w");
  await page.getByRole("textbox", { name: /Ask/ }).fill("store metal bowl");
  await page.keyboard.press("Enter");
  const answer = page.getByRole("region", { name: "What would be read" });
  await answer.getByRole("row").nth(1).waitFor();
  await shot("memory-ask");

  // A reload brings back moment, entry and question.
  const address = page.url();
  await page.reload();
  await answer.getByRole("row").nth(1).waitFor();
  expect("the address stays the same over a reload", page.url() === address);
  await answer.getByRole("button", { name: "Close the answer" }).click();

  // Graph and map show the same bank, and Back returns.
  await page.getByRole("button", { name: "Graph" }).click();
  await page.getByRole("group", { name: /graph of/ }).waitFor();
  await shot("memory-graph");
  await page.getByRole("button", { name: "Map" }).click();
  await page.getByRole("img", { name: /map of/ }).waitFor();
  await shot("memory-map");
  await page.goBack();
  await page.getByRole("group", { name: /graph of/ }).waitFor();

  // A run without a bank: a sentence, its size over episodes, and the states it kept.
  const none = await find(page, RUNS("none"));
  if (none) {
    await open(`/memory?key=${none}`);
    await page.getByText(/recorded no memory operations/).waitFor();
    await shot("memory-none");
  }
  const lstm = await find(page, RUNS("lstm"));
  if (lstm) {
    await open(`/memory?key=${lstm}`);
    await page.getByRole("slider", { name: "Kept step" }).waitFor();
    await page.locator("main").focus();
    await page.keyboard.press("ArrowLeft");
    await page.waitForFunction(() => new URL(location.href).searchParams.get("at") !== null);
    await page.getByText(/the slider snaps to those/).waitFor();
    await shot("memory-weights");
  }
}
