// The Episode inspector, by mouse and by keyboard, on the records of memrl and memory-rewriting at budget fast.

/** Finished runs of a paper that kept episodes of several steps. */
async function runsOf(page, paper) {
  return page.evaluate(async (wanted) => {
    const read = async (path) => (await fetch(`/api/${path}`)).json();
    const found = [];
    for (const run of (await read("runs?limit=200")).runs) {
      if (run.state !== "done") continue;
      const head = await read(`run/${run.key}/inspect`);
      if (head.paper === wanted && head.steps > 2) found.push(run.key);
    }
    return found;
  }, paper);
}

/** The first reading of these runs that had candidates and near misses. */
async function readingOf(page, keys) {
  return page.evaluate(async (runs) => {
    for (const key of runs) {
      const read = async (path) => (await fetch(`/api/run/${key}/inspect${path}`)).json();
      for (const e of (await read("/episodes?limit=100")).episodes) {
        const step = await read(`/step?episode=${e.id}&t=0`);
        for (const { op } of step.memory) {
          const hits = op.hits ?? [];
          if (hits.some((h) => h.used) && hits.some((h) => !h.used)) return { key, episode: e.id, hits };
        }
      }
    }
    return null;
  }, keys);
}

const stepOf = (page) =>
  page.getByRole("slider", { name: "step of the episode" }).getAttribute("aria-valuenow").then(Number);

async function until(page, t) {
  await page.waitForFunction(
    (want) => document.querySelector(".bar-slider")?.getAttribute("aria-valuenow") === String(want),
    t,
  );
}

export async function check(page, ctx) {
  const { url, shot, expect } = ctx;
  const base = new URL(url).origin;
  const open = (path) => page.goto(base + path);
  await open("/");
  await page.waitForSelector(".card");
  const memrl = await readingOf(page, await runsOf(page, "memrl"));
  const [maze] = await runsOf(page, "memory-rewriting");
  expect(memrl !== null, "a finished run of memrl has read entries and kept near misses");
  expect(maze !== undefined, "a finished run of memory-rewriting has kept episodes");

  // One step of a text memory: what the model saw, what it answered, what it read and why.
  await open(`/episode?key=${memrl.key}&episode=${memrl.episode}&step=0`);
  const table = page.getByRole("group", { name: "candidates with the parts of their scores" }).first();
  await table.waitFor();
  const entries = await table.getByRole("button").allInnerTexts();
  expect(
    entries.join() === memrl.hits.map((h) => h.entry).join(),
    "every candidate stands in the table, near misses too",
  );
  expect((await table.innerText()).includes("no, "), "a near miss says why it was not used");
  await page.locator(".entry-line", { hasText: "born in episode" }).first().waitFor();
  await shot("episode-memrl");

  // The context in its three forms; the address keeps the form.
  const forms = page.getByRole("group", { name: "how the context is shown" });
  await forms.getByRole("button", { name: "exact" }).click();
  await page.getByText("the very ones that went into the model").waitFor();
  const shown = await page.locator(".exact-view .exact-block > .exact").allInnerTexts();
  const step = await page.evaluate(
    async ([key, e]) => (await fetch(`/api/run/${key}/inspect/step?episode=${e}&t=0`)).json(),
    [memrl.key, memrl.episode],
  );
  const given = step.context.blocks.map((b) => b.text.trim());
  expect(
    shown.map((s) => s.trim()).join("|") === given.join("|"),
    "exact shows what the record says was given",
  );
  await page.keyboard.press("j");
  await until(page, 1);
  await forms.getByRole("button", { name: "new since 0" }).click();
  await page.locator(".line-new").first().waitFor();
  await page.reload();
  await page.locator(".line-new").first().waitFor();
  expect(
    (await stepOf(page)) === 1 && /view=new/.test(page.url()),
    "a reload shows the same step in the same form",
  );
  await shot("episode-new");

  // By keyboard alone: steps, ends, events, the slider.
  await page.keyboard.press("End");
  const last = Number(await page.locator(".bar-slider").getAttribute("aria-valuemax"));
  await until(page, last);
  await page.keyboard.press("Home");
  await until(page, 0);
  await page.keyboard.press("]");
  await page.waitForFunction(
    () => document.querySelector(".bar-slider")?.getAttribute("aria-valuenow") !== "0",
  );
  await page.locator(".bar-slider").focus();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("End");
  await until(page, last);
  const spoken = await page.locator(".bar-slider").getAttribute("aria-valuetext");
  expect(spoken.startsWith(`step ${last} of ${last}`), `the slider says where it stands: ${spoken}`);

  // By mouse: a row of the list, a place of the bar.
  await page.locator(".step-row").nth(1).click();
  await until(page, 1);
  const bar = await page.locator(".bar-slider").boundingBox();
  await page.mouse.click(bar.x + 3, bar.y + 10);
  await until(page, 0);

  // Search over all steps.
  await page.keyboard.press("/");
  const word = step.step.action.split(" ")[0];
  await page.keyboard.type(word);
  await page.locator(".found mark").first().waitFor();
  await page.keyboard.press("Enter");
  await until(page, 0);
  expect(/q=/.test(page.url()), "the address holds the search");
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => !/q=/.test(location.search));

  // Compare: choose by keyboard, see the first difference, Back ends it.
  await page.keyboard.press("c");
  const sheet = page.getByRole("dialog");
  const others = sheet.locator(".picker-row:not([aria-current])");
  await others.first().waitFor();
  await shot("episode-choose");
  await others.first().focus();
  await page.keyboard.press("Enter");
  await page
    .getByRole("region", { name: "Compared with" })
    .getByText(/first difference|alike/)
    .first()
    .waitFor();
  expect(/other-episode=/.test(page.url()), "the address holds the second episode");
  await page.locator(".inspect-beside .inspect-step").nth(1).locator(".panel").first().waitFor();
  await shot("episode-beside");
  await page.goBack();
  await page.waitForFunction(() => !/other-episode=/.test(location.search));

  // Fork and memory have their places.
  await page.keyboard.press("o");
  const fork = page.getByRole("region", { name: "Fork here" });
  await fork.waitFor();
  await fork.getByRole("button", { name: "Close" }).click();
  await page.locator(".inspect-step .panel").first().waitFor();
  await page.keyboard.press("m");
  await page.waitForFunction(() => location.pathname === "/memory" && /at=\d/.test(location.search));
  await page.goBack();

  // A maze: the scene as a picture, chances of the actions, the state.
  await open(`/episode?key=${maze}`);
  await page.locator(".inspect-scene svg").waitFor();
  await page.getByRole("list", { name: "chances of the actions" }).waitFor();
  await shot("episode-maze");

  // States: no such episode; no run.
  await open(`/episode?key=${memrl.key}&episode=987654`);
  await page.getByRole("alert").waitFor();
  await page.getByRole("button", { name: "Open the newest episode" }).click();
  await page.locator(".inspect-step .panel").first().waitFor();
  await shot("episode-error");
}
