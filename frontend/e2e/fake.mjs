import * as fixtures from "./fixtures.mjs";

/** Answers the pages from fixtures. "state" is full, empty, error or loading. */
export async function installFake(page, state = "full") {
  await page.route("**/api/**", async (route) => {
    const url = new URL(route.request().url());
    const path = url.pathname.replace("/api/", "");
    if (state === "loading" && path !== "status") return;
    if (state === "error" && path !== "status") {
      const body = {
        code: "unavailable",
        msg: `the data folder "/home/you/loci" cannot be read`,
        hint: "see whether the disk is mounted, then try again",
        ref: "",
      };
      return route.fulfill({ status: 503, json: body });
    }
    const answer = answerTo(path, url.searchParams, state);
    if (answer === undefined)
      return route.fulfill({
        status: 404,
        json: { code: "not-found", msg: `nothing at ${path}`, hint: "", ref: "" },
      });
    return route.fulfill({ json: answer });
  });
  await page.routeWebSocket("**/api/ws", () => undefined);
}

function answerTo(path, query, state) {
  const empty = state === "empty";
  const large = state === "large";
  const card = fixtures.card;
  const paper = (i) => ({
    card: i
      ? {
          ...card,
          slug: `paper-${i}`,
          short: `System ${i}`,
          form: ["latent", "tokens", "parameters"][i % 3],
          world: ["house", "chat", "maze"][i % 3],
          minutes: i,
        }
      : card,
    path: card.notebook,
    works: i % 5 !== 4,
    recorded: "avx512, 2 cores, 2026-11-20",
    verdicts: { held: 3, "not held": 1 },
  });
  if (path === "library")
    return {
      own: empty ? [] : fixtures.own(),
      papers: empty ? [] : Array.from({ length: large ? 500 : 7 }, (_, i) => paper(i)),
    };
  if (path === "status") return { ...fixtures.status(), jobs: empty ? [] : [fixtures.job()] };
  if (path === "notebook")
    return fixtures.notebook(
      state === "problems"
        ? [
            {
              line: 14,
              column: 4,
              cell: "world",
              msg: 'world.n is "many", want a whole number from 1 to 20',
              value: "many",
              legal: null,
              hint: "write a number, for example 3",
            },
          ]
        : [],
    );
  if (path === "notebook/copy")
    return { ...fixtures.notebook(), path: "mine/memory-rewriting.md", read_only: false };
  if (path === "notebook/op")
    return { notebook: { ...fixtures.notebook(), path: "mine/memory-rewriting.md", read_only: false } };
  if (path === "plan") return fixtures.plan();
  if (path === "results")
    return empty
      ? { verdicts: null, table: { columns: null, rows: null }, recorded: "", budget: "laptop", early: false }
      : fixtures.results();
  if (path === "chart")
    return empty
      ? { ...fixtures.chart(query.get("dark") === "1"), series: [], points: 0, sentence: "", early: false }
      : fixtures.chart(query.get("dark") === "1");
  if (/^run\/[^/]+$/.test(path)) return fixtures.detail();
  if (/episodes$/.test(path)) return fixtures.episodes();
  if (/episode\/\d+$/.test(path)) return fixtures.episodeDetail(Number(path.split("/").pop()));
  if (/run\/.*chart$/.test(path)) return fixtures.chart(query.get("dark") === "1", true);
  return undefined;
}
