// Forks, from the Episode screen: an episode of memrl without an entry that it read, one look and then 20 paired replays; by keyboard a
// fork with nothing changed, which must come out the same; and what cannot be asked for.
export async function check(page, { url, shot }) {
  const base = new URL(url).origin;
  const get = (path) => page.evaluate(async (p) => (await fetch(`/api/${p}`)).json(), path);
  await page.goto(`${base}/run`);
  const at = await readEpisode(get);
  await page.goto(`${base}/episode?key=${at.key}&episode=${at.episode}&step=${at.step}`);

  // By mouse: without the entry that was read first.
  await page
    .getByRole("button", { name: "Fork", exact: true })
    .or(page.getByRole("button", { name: /^Fork here/ }))
    .first()
    .click();
  const panel = page.getByRole("region", { name: `Fork at episode ${at.episode}, step ${at.step}` });
  await panel.getByRole("radio", { name: /Without an entry/ }).check();
  await panel.getByRole("radio", { name: new RegExp(`^${at.entry} `) }).check();
  await panel.getByRole("button", { name: "One look" }).click();
  await panel
    .getByText(new RegExp(`^Without ${at.entry}:`))
    .first()
    .waitFor({ timeout: 60_000 });
  must((await panel.getByRole("row").count()) >= 3, "the outcomes stand in a table");
  await shot("fork-look");
  await panel.getByRole("button", { name: /^20 replays/ }).click();
  await panel.getByRole("columnheader", { name: /20 pairs/ }).waitFor({ timeout: 120_000 });
  await panel.getByRole("button", { name: "One look" }).and(page.locator(":enabled")).waitFor();
  const kept = (await get(`run/${at.key}/fork?episode=${at.episode}&step=${at.step}`)).forks;
  const effect = kept.find((f) => f.changes[0]?.entry === at.entry)?.effect;
  must(effect?.pairs === 20, "the server keeps 20 pairs");
  must(
    effect.return_low <= effect.return && effect.return <= effect.return_high,
    "the interval holds the mean",
  );
  await shot("fork-pairs");

  // The fork is a run of its own, beside its parent, and counted among no notebook's runs.
  const runs = (await get("runs?limit=1000")).runs;
  must(!runs.some((r) => r.key === kept[0].key), "a fork is no run of a notebook");
  await panel.getByRole("link", { name: /side by side/ }).click();
  await page.waitForURL((u) => u.searchParams.get("other") === kept[0].key);
  await page.goBack();

  // By keyboard: nothing changed, which must reproduce the episode.
  await page.goto(`${base}/episode?key=${at.key}&episode=${at.episode}&step=${at.step}`);
  await page
    .getByRole("button", { name: "Fork", exact: true })
    .or(page.getByRole("button", { name: /^Fork here/ }))
    .first()
    .focus();
  await page.keyboard.press("Enter");
  const none = panel.getByRole("radio", { name: /Nothing changed/ });
  await none.focus();
  await page.keyboard.press("Space");
  await panel.getByRole("button", { name: "One look" }).focus();
  await page.keyboard.press("Enter");
  await panel
    .getByText("Nothing changed: the episode goes the very same way.")
    .first()
    .waitFor({ timeout: 60_000 });

  // An action without words cannot be asked for.
  await panel.getByRole("radio", { name: /Another action/ }).check();
  must(
    await panel.getByRole("button", { name: "One look" }).isDisabled(),
    "an empty action can be asked for",
  );
  await panel.getByRole("textbox", { name: /Action at this step/ }).fill("go nowhere at all");
  await panel.getByRole("button", { name: "One look" }).click();
  await panel
    .getByRole("alert")
    .getByText("the fork failed; the run is as it was")
    .waitFor({ timeout: 60_000 });
}

/** An episode of the arm with values that read an entry, by the server's own records. */
async function readEpisode(get) {
  for (const run of (await get("runs?limit=1000")).runs.filter(
    (r) => r.arm === "value" && r.state === "done",
  )) {
    const { episodes } = await get(`run/${run.key}/episodes?limit=500`);
    for (const e of episodes.filter((x) => x.detail && x.split === "train")) {
      const place = await get(`run/${run.key}/fork?episode=${e.id}&step=0`);
      if (place.entries?.length > 0)
        return { key: run.key, episode: e.id, step: 0, entry: place.entries[0].id };
    }
  }
  throw new Error(
    "no run of memrl has an episode that read an entry: run experiments/memrl.md at budget fast",
  );
}

function must(holds, what) {
  if (!holds) throw new Error(`not so: ${what}`);
}
