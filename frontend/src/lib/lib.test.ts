import { describe, expect, test } from "vitest";
import type {
  Cell,
  Episode,
  EpisodeDetail,
  Field,
  FormField,
  Job,
  LibraryPaper,
  RunRow,
  Step,
} from "./api.gen";
import { settingsOf } from "./arms";
import { claimParts, thresholds } from "./claims";
import { canFilter, choosePapers, filterValues } from "./filter";
import { mergeJob, summarise } from "./jobs";
import { parseKnob, rangeOf, sliderStep } from "./knob";
import { chosenMetrics } from "./metrics";
import { splitFields } from "./notebook";
import { movesCells } from "./ops";
import { rank } from "./palette";
import { library } from "./route";
import { addEpisode } from "./run-data";
import { byConcern, groupRuns } from "./runs";
import { interesting, nextOf } from "./steps";

const field = (part: Partial<Field>): Field => ({
  path: "x",
  type: "float",
  doc: "",
  unit: "",
  default: null,
  fast: null,
  full: null,
  min: null,
  max: null,
  enum: null,
  paper: "",
  pitfall: "",
  symbol: "",
  group: "",
  main: false,
  ...part,
});

describe("what is typed into a knob", () => {
  test.each([
    ["a number in range", field({ min: 0, max: 1 }), "0.5", { ok: true, value: 0.5 }],
    ["underscores part thousands", field({ type: "int" }), "500_000", { ok: true, value: 500000 }],
    ["a number out of range", field({ min: 0, max: 1 }), "1.7", { ok: false, why: "1.7 is outside 0 to 1" }],
    ["half of a whole number", field({ type: "int" }), "1.5", { ok: false, why: "1.5 is no whole number" }],
    ["a word", field({}), "many", { ok: false, why: "“many” is no number" }],
    ["nothing", field({}), " ", { ok: false, why: "“” is no number" }],
    [
      "below zero where nothing may be",
      field({ type: "uint" }),
      "-1",
      { ok: false, why: "-1 is outside 0 or more" },
    ],
    ["a list of numbers", field({ type: "ints" }), "1, 3 5", { ok: true, value: [1, 3, 5] }],
    ["a list with a word in it", field({ type: "ints" }), "1, x", { ok: false, why: "“x” is no number" }],
    ["a list of words", field({ type: "strings" }), "a, b", { ok: true, value: ["a", "b"] }],
  ])("%s", (_, f, text, want) => expect(parseKnob(f, text)).toEqual(want));

  test("ranges are said in words, sliders stand only where a hand could find the value", () => {
    expect(rangeOf(field({ min: 1 }))).toBe("at least 1");
    expect(rangeOf(field({ min: 0, max: 1_000_000 }))).toBe("0 to 1,000,000");
    expect(sliderStep(field({ min: 0, max: 1, default: 0.5 }))).toBe(0.01);
    expect(sliderStep(field({ min: 0, max: 1, default: 0.0003 }))).toBeUndefined();
    expect(sliderStep(field({ min: 0, max: 1, type: "int" }))).toBeUndefined();
  });
});

test("the paper's own knobs stand first, the rest by group", () => {
  const form = (path: string, part: Partial<Field>): FormField => ({
    field: field({ path, ...part }),
    value: 1,
    set: false,
  });
  const { main, rest } = splitFields([
    form("a", { group: "g" }),
    form("b", { main: true }),
    form("c", {}),
    form("d", { group: "g" }),
  ]);
  expect(main.map((f) => f.field.path)).toEqual(["b"]);
  expect(rest.map(([g, fs]) => [g, fs.map((f) => f.field.path)])).toEqual([
    ["g", ["a", "d"]],
    ["other", ["c"]],
  ]);
});

const paper = (slug: string, form: string, minutes: number): LibraryPaper => ({
  card: {
    slug,
    title: slug,
    short: slug,
    source: "",
    idea: `idea of ${slug}`,
    problem: "",
    mechanism: "",
    reported: "",
    pitfalls: null,
    basis: "",
    form,
    function: "",
    control: "",
    learns: "",
    world: "",
    rung: "1",
    minutes,
    notebook: "",
    deviations: null,
    metrics: null,
  },
  path: "",
  works: true,
  recorded: "",
  verdicts: null,
});

describe("the Library", () => {
  const papers = [
    paper("memrl", "tokens, parameters", 9),
    paper("memo", "latent", 3),
    paper("sparse", "parameters", 5),
  ];
  test.each([
    ["every word must be there", { query: "IDEA mem" }, ["memrl", "memo"]],
    ["a card with two forms is in both", { filters: { form: "parameters" } }, ["memrl", "sparse"]],
    ["minutes rise", { sort: "minutes" as const }, ["memo", "sparse", "memrl"]],
    ["words and filters must both hold", { query: "memo", filters: { form: "tokens" } }, []],
  ])("%s", (_, part, want) =>
    expect(choosePapers(papers, { ...library, ...part }).map((p) => p.card.slug)).toEqual(want),
  );

  test("a filter that would leave nothing out is no filter", () => {
    expect(canFilter(papers, "form")).toBe(true);
    expect(canFilter(papers, "rung")).toBe(false);
    expect(canFilter(papers.slice(0, 1), "form")).toBe(false);
  });
  test("a filter offers each value once", () => {
    expect(filterValues(papers, "form")).toEqual(["latent", "parameters", "tokens"]);
  });
});

const row = (seed: number, state: string, arm = "a"): RunRow => ({
  key: `${arm}${seed}`,
  arm,
  case: "",
  seed,
  budget: "fast",
  state,
  done: 0,
  total: 1,
  unit: "steps",
  start_ms: 0,
  heard_ms: 0,
  target: "",
  where: "",
  there_ms: 0,
  quiet: 30,
  redone: 0,
  seconds: 0,
  error: "",
  hint: "",
  final: null,
});
const job = (part: Partial<Job>): Job => ({
  id: "1",
  path: "",
  why: "",
  title: "",
  budget: "fast",
  sweep: "",
  ahead: 0,
  state: "running",
  runs: [row(0, "running"), row(1, "queued")],
  done: 0,
  failed: 0,
  share: 0.41,
  left_lo: 190,
  left_hi: 290,
  error: null,
  start_ms: 0,
  part: false,
  ...part,
});

describe("running work", () => {
  test("is summed up in a line", () => {
    expect(summarise([job({})])?.text).toBe("1 run · 41 % · 3 to 5 min left · this computer");
  });
  test("is nothing when all is done", () => expect(summarise([job({ state: "done" })])).toBeUndefined());
  test("does not promise a time while it is paused", () => {
    expect(summarise([job({ state: "paused" })])?.text).toBe("paused · 41 % · this computer");
  });
  test("weighs jobs by their runs", () => {
    const four = [0, 1, 2, 3].map((s) => row(s, "running"));
    expect(summarise([job({ share: 1 }), job({ id: "2", share: 0.25, runs: four })])?.share).toBeCloseTo(0.5);
  });
  test("replaces a job that is known and puts a new one first", () => {
    expect(mergeJob([job({})], job({ share: 0.5 })).map((j) => j.share)).toEqual([0.5]);
    expect(mergeJob([job({})], job({ id: "2" })).map((j) => j.id)).toEqual(["2", "1"]);
  });
  test("keeps the runs that a job in part leaves out", () => {
    const had = job({ runs: [row(1, "running"), row(2, "queued")] });
    const news = job({ part: true, share: 0.7, runs: [row(2, "running"), row(3, "queued")] });
    const [now] = mergeJob([had], news);
    expect(now?.runs?.map((r) => `${r.seed} ${r.state}`)).toEqual(["1 running", "2 running", "3 queued"]);
    expect(now).toMatchObject({ part: false, share: 0.7 });
    expect(mergeJob([now as Job], job({ runs: [] }))[0]?.runs).toEqual([]);
  });
});

test("failures come first, seeds rise", () => {
  const rows = [row(3, "done"), row(2, "running"), row(4, "failed"), row(1, "done")];
  expect(byConcern(rows).map((r) => r.seed)).toEqual([4, 2, 1, 3]);
  expect(
    groupRuns([row(2, "done", "b"), row(1, "done", "b"), row(0, "done")]).map((g) =>
      g.runs.map((r) => r.key),
    ),
  ).toEqual([["b1", "b2"], ["a0"]]);
});

const step = (t: number, reward: number, done = false): Step => ({
  episode: 1,
  t,
  saw: "",
  action: "",
  reward,
  done,
});
const episode = (id: number): Episode => ({
  id,
  split: "train",
  seed: 0,
  x: 0,
  steps: 0,
  return: 0,
  success: true,
  why: "",
  memory: 0,
  context: 0,
  detail: true,
  omitted: 0,
});

describe("an episode", () => {
  const detail: EpisodeDetail = {
    episode: episode(1),
    steps: [step(0, 0), step(1, 0), step(2, 1), step(3, 1), step(4, 0), step(5, 0, true)],
    context: null,
    memory: [{ op: "write", bank: "", episode: 1, t: 1, reason: "", size: 1, tokens: 1 }],
    total: 6,
  };
  test("has events where the reward changes, the memory works, or it ends", () => {
    expect(interesting(detail)).toEqual([1, 2, 4, 5]);
  });
  test("is walked from event to event", () => {
    expect(nextOf([1, 2, 4], 2, 1)).toBe(4);
    expect(nextOf([1, 2, 4], 2, -1)).toBe(1);
    expect(nextOf([1, 2, 4], 4, 1)).toBeUndefined();
  });
  test("comes first in the list once, and is replaced when it comes again", () => {
    const page = addEpisode({ total: 1, episodes: [episode(1)] }, episode(2));
    expect(page.episodes?.map((e) => e.id)).toEqual([2, 1]);
    expect(addEpisode(page, episode(1))).toMatchObject({ total: 2 });
  });
});

test("arms and cases show their settings", () => {
  expect(settingsOf({ value: {}, plain: { "memory.lambda": 0, "agent.kind": "lstm" } })).toEqual([
    { group: "", name: "value", settings: [] },
    {
      group: "",
      name: "plain",
      settings: [
        ["memory.lambda", "0"],
        ["agent.kind", "lstm"],
      ],
    },
  ]);
  expect(settingsOf({ noise: { low: { "world.noise": 0 } } })).toEqual([
    { group: "noise", name: "low", settings: [["world.noise", "0"]] },
  ]);
  expect(settingsOf("broken")).toEqual([]);
});

test("bounds and parts of claims are read", () => {
  expect(thresholds(">= 0.10")).toEqual([0.1]);
  expect(thresholds("0.4..0.6")).toEqual([0.4, 0.6]);
  expect(thresholds("<= -1e-3")).toEqual([-0.001]);
  expect(claimParts({ value: ["a", "b"], holds: [">= 1"] })).toEqual([
    { value: "a", holds: ">= 1" },
    { value: "b", holds: ">= 1" },
  ]);
});

test("reward, memory and context are drawn first", () => {
  const spec = (name: string) => ({ name, unit: "", x_unit: "", better: "", doc: "" });
  expect(chosenMetrics(["loss", "success", "entropy", "memory", "context", "kl"].map(spec))).toEqual([
    "success",
    "memory",
    "context",
    "loss",
    "entropy",
    "kl",
  ]);
  const all = ["memory_tokens", "entries_read", "loss", "memory_size", "success"].map(spec);
  expect(chosenMetrics(all, { success: 1, loss: 0, memory_size: 3 })).toEqual([
    "success",
    "memory_size",
    "loss",
  ]);
  expect(chosenMetrics(all)).toEqual(["success", "memory_size", "entries_read", "memory_tokens", "loss"]);
});

describe("prose that moves cells waits", () => {
  const prose = (source: string) => ({ source }) as Cell;
  test.each([
    ["a word more does not", "# A\ntext", "# A\nmore text", false],
    ["a new heading does", "# A\ntext", "# A\ntext\n## B", true],
    ["a heading that goes does", "# A\ntext", "text", true],
    ["a heading inside a fence does not count", "# A", "# A\n```\n# no\n```", false],
    ["nothing left does", "# A", " \n", true],
  ])("%s", (_, before, after, want) => expect(movesCells(prose(before), after)).toBe(want));
});

test("the palette finds all words and puts beginnings first", () => {
  const entry = (title: string, group = "") => ({ id: title, title, group, keys: [], run: () => undefined });
  const entries = [
    entry("Memory rewriting", "Notebook"),
    entry("Undo"),
    entry("Rewind", "Run"),
    entry("Go to Run", "Screens"),
  ];
  expect(rank(entries, "re").map((e) => e.title)).toEqual(["Rewind", "Memory rewriting", "Go to Run"]);
  expect(rank(entries, "run go").map((e) => e.title)).toEqual(["Go to Run"]);
});
