// Walks the Targets screen: empty, a target added by keyboard, tested against nobody, edited, removed and brought back; prices; a machine; a
// training service that is started, tried, looked at and stopped.

/** Throws where the screen does not do what it says. */
export async function check(page, { url, shot, expect }) {
  const base = new URL(url).origin;
  await page.goto(`${base}/targets`);
  await page.locator("main").getByRole("heading", { level: 1, name: "Compute targets" }).waitFor();
  const here = page.getByRole("region", { name: "This computer" });
  await here
    .getByText(/free of/)
    .first()
    .waitFor();
  await page.getByText("This computer works already.").waitFor();
  await shot("targets-empty");
  await page.locator("main").getByRole("heading", { level: 1 }).click();
  await page.keyboard.press("n");
  const form = page.getByRole("form", { name: "New target" });
  await form.getByLabel("Name", { exact: true }).fill("nobody");
  await form.getByLabel("Address").fill("http://192.0.2.1/v1");
  await form.getByLabel("Model", { exact: true }).fill("m");
  await page.keyboard.press("Enter");
  await form.getByRole("alert").filter({ hasText: "plain http to another computer" }).waitFor();
  await shot("targets-refused");
  await form.getByLabel("Address").fill("http://127.0.0.1:9/v1");
  await form.getByRole("button", { name: "Add the target" }).click();
  const card = page.getByRole("region", { name: "Target nobody" });
  await card.getByText("not tested since the start").waitFor();
  expect("the address names it", new URL(page.url()).searchParams.get("name") === "nobody");
  await card.getByText(/The questions of a run/).waitFor();
  await page.keyboard.press("Enter");
  await card
    .locator(".target-head")
    .getByText(/failed/)
    .waitFor({ timeout: 90_000 });
  await card.getByText("models", { exact: true }).waitFor();
  await shot("targets-failed");
  await page.reload();
  await card
    .getByText(/failed/)
    .first()
    .waitFor();
  await card.getByRole("button", { name: "Edit" }).click();
  const edit = page.getByRole("form", { name: "Edit target nobody" });
  await edit.getByLabel("Model", { exact: true }).fill("other");
  await edit.getByRole("button", { name: "Keep the changes" }).click();
  await card.getByText("other").waitFor();
  await card.getByRole("button", { name: "Remove" }).click();
  await card.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Undo" }).click();
  await card.getByText("other").waitFor();
  await card.getByRole("button", { name: "Remove" }).click();
  await page.getByText("This computer works already.").waitFor();
  await prices(page, { shot });
  await service(page, { shot, expect });
  await page.route("**/api/targets", (r) =>
    r.fulfill({
      status: 503,
      json: { code: "unavailable", msg: "the disk is away", hint: "mount it", ref: "" },
    }),
  );
  await page.reload();
  await page.getByText("the disk is away").waitFor();
  await shot("targets-error");
  await page.unroute("**/api/targets");
  await page.getByRole("button", { name: "Try again" }).click();
  await here.waitFor();
}

/** A table of prices, typed and kept. */
async function prices(page, { shot }) {
  await page.getByRole("button", { name: "New target" }).click();
  const form = page.getByRole("form", { name: "New target" });
  await form.getByLabel("Name", { exact: true }).fill("paid");
  await form.getByLabel("Address").fill("https://models.example.org/v1");
  await form.getByLabel("Model", { exact: true }).fill("small");
  for (const [model, input, cached, output] of [
    ["small", "0.4", "0.1", "1.6"],
    ["large", "2", "", "cheap"],
  ]) {
    await form.getByRole("button", { name: "Add a model" }).click();
    await form
      .getByLabel(/^Model of row/)
      .last()
      .fill(model);
    await form.getByLabel(`Price of input of ${model}`).fill(input);
    await form.getByLabel(`Price of cached of ${model}`).fill(cached);
    await form.getByLabel(`Price of output of ${model}`).fill(output);
  }
  await form.getByRole("button", { name: "Add the target" }).click();
  await form.getByRole("alert").filter({ hasText: "price of output that is no number" }).waitFor();
  await shot("targets-prices");
  await form.getByLabel("Price of output of large").fill("8");
  await form.getByRole("button", { name: "Add the target" }).click();
  const card = page.getByRole("region", { name: "Target paid" });
  await card
    .getByText("0.4 in, 0.1 in from the cache, 1.6 out, dollars a million tokens; no cap of its own")
    .waitFor();
  await card.getByText("2 models, 2 with prices").click();
  await card.getByRole("cell", { name: "8", exact: true }).waitFor();
  await card.getByRole("button", { name: "Remove" }).click();
  await card.waitFor({ state: "detached" });
}

/** A training service on this computer's workers: Loci's own engine, for real. */
async function service(page, { shot, expect }) {
  await page.getByRole("button", { name: "New target" }).click();
  const form = page.getByRole("form", { name: "New target" });
  await form.getByLabel("Kind").selectOption("computer");
  await form.getByLabel("Name", { exact: true }).fill("workers");
  await form.getByRole("button", { name: "Add the target" }).click();
  const machine = page.getByRole("region", { name: "Target workers" });
  await machine.getByText("what is usual").waitFor();
  await keep(page, "engine-key", "tml-a-key-of-this-test-0123456789");
  await page.getByRole("button", { name: "New target" }).click();
  await form.getByLabel("Kind").selectOption("started");
  await form.getByLabel("Name", { exact: true }).fill("engine");
  await form.getByLabel("Machine").selectOption("workers");
  await form.getByRole("button", { name: "Add the target" }).click();
  await form.getByRole("alert").filter({ hasText: "SkyRL wants a base model" }).waitFor();
  await form.getByLabel("Program").selectOption("loci");
  await form.getByLabel("Rank of the adapters").fill("4");
  await form.getByLabel("Secret").fill("engine-key");
  if (process.env.LOCI_BIN_FOLDER)
    await form.getByLabel("Folder of uv or loci").fill(process.env.LOCI_BIN_FOLDER);
  await form.getByRole("button", { name: "Add the target" }).click();
  const card = page.getByRole("region", { name: "Target engine" });
  await card.getByText("not started; nothing of it is on the machine").waitFor();
  await card.getByRole("button", { name: "Start", exact: true }).click();
  await card
    .locator(".target-head")
    .getByText(/started|failed/)
    .first()
    .waitFor();
  await shot("targets-starting");
  await card
    .locator(".target-head")
    .getByText(/(?<!being )started/)
    .waitFor({ timeout: 120_000 });
  await card.getByText(/running there/).waitFor({ timeout: 30_000 });
  await machine.getByText("engine", { exact: true }).waitFor({ timeout: 30_000 });
  await card.getByText("the end of its log").click();
  await card.getByText(/TINKER_BASE_URL/).waitFor();
  expect("no key stands in the log", !/tml-/.test(await card.innerText()));
  await card.getByRole("button", { name: "Test" }).click();
  await card
    .locator(".target-head")
    .getByText(/answered/)
    .waitFor({ timeout: 120_000 });
  await card.getByText(/sampler and trainer differ by/).waitFor();
  await shot("targets-service");
  await card.getByRole("heading", { level: 3 }).click();
  await page.keyboard.press("s");
  const stop = page.getByRole("form", { name: "Stop engine" });
  const button = stop.getByRole("button", { name: "Stop the service" });
  expect("a service is not stopped before its name is typed", await button.isDisabled());
  await stop.getByLabel("Type engine to stop it").fill("engine");
  await shot("targets-stop");
  await page.keyboard.press("Enter");
  await card.getByText(/nothing of it is left there/).waitFor({ timeout: 60_000 });
  await card.getByText("not started; nothing of it is on the machine").waitFor();
  for (const one of [card, machine]) {
    await one.getByRole("button", { name: "Remove" }).click();
    await one.waitFor({ state: "detached" });
  }
}

/** Keeps a secret, in an encrypted file where there is no key store. */
async function keep(page, name, value) {
  const refused = await page.evaluate(
    async ([name, value]) => {
      for (const more of [{}, { passphrase: "a passphrase of this test" }]) {
        const res = await fetch("/api/secret/set", {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ name, value, ...more }),
        });
        if (res.ok) return "";
        if (more.passphrase) return await res.text();
      }
      return "";
    },
    [name, value],
  );
  if (refused) throw new Error(`the secret is not kept: ${refused}`);
}
