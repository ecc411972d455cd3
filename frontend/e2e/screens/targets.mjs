// Walks the Targets screen: empty, a target added by keyboard, tested against nobody, edited, removed and brought back.

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
