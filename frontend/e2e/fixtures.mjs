// Made-up answers of a server, to look at the pages without one. The numbers mean nothing.

const PATH = "experiments/memory-rewriting.md";
const ARMS = ["lstm", "gru", "rnn", "ffm", "lstm-clamped", "mlp"];
const LIGHT = ["#035377", "#B01505", "#4AA290", "#B275FD", "#C28529", "#141414"];
const DARK = ["#7FC6FF", "#D41B06", "#21896D", "#9358C1", "#F4FF18", "#FFC0C2"];

export const card = {
  slug: "memory-rewriting",
  title: "Memory Retention Is Not Enough to Master Memory Tasks in Reinforcement Learning",
  short: "Memory rewriting",
  source: "arXiv 2601.15086, AAMAS 2026 extended abstract",
  idea: "Holding a cue and replacing it are different skills: an agent may pass the first and fail the second.",
  problem:
    "Memory benchmarks ask whether a cue survives a delay. In a changing world the harder duty is to let an old cue go when a new one arrives.",
  mechanism:
    "A chain of corridors. Entering one, the agent sees a binary cue on the first cell only; at the junction it must turn as the latest cue said.",
  reported: "Trained n=3 l=5 Fixed, tested n=10 (figure, about): LSTM 0.96, FFM 0.68, GTrXL 0.03.",
  pitfalls: [
    "Success over n corridors is a product: report per-junction accuracy too.",
    "The delay penalty must be small against 1, or the agent learns to guess.",
  ],
  basis: "Abstract, project site, figures read off by eye.",
  form: "latent",
  function: "working",
  control: "learned",
  learns: "policy and memory weights",
  world: "endless-t-maze",
  rung: "1",
  minutes: 34,
  notebook: PATH,
  deviations: ["D1. Endless T-Maze only at budget laptop."],
  metrics: [],
};

const field = (path, type, value, more = {}) => ({
  field: {
    path,
    type,
    doc: "",
    unit: "",
    default: value,
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
    ...more,
  },
  value,
  set: more.set ?? false,
});

const cell = (id, kind, name, source, more = {}) => ({
  id,
  kind,
  name,
  source,
  html: "",
  value: {},
  choice: "",
  kinds: null,
  fields: null,
  line: 1,
  ...more,
});

export function notebook(problems = []) {
  return {
    path: PATH,
    title: "Is holding a cue enough, or must an agent let it go?",
    paper: "memory-rewriting",
    revision: 1,
    read_only: true,
    saved_ms: Date.now() - 60_000,
    can_undo: true,
    can_redo: false,
    metrics: [],
    problems,
    cells: [
      cell("prose-1", "prose", "", "# Is holding a cue enough?\n", {
        value: null,
        html: "<h1>Is holding a cue enough, or must an agent let it go?</h1><p>In the <em>Endless T-Maze</em> a new cue makes the old one worthless at every corridor. We train recurrent agents on three corridors and ask what they do on ten. The clamped LSTM cannot forget: it is the control.</p>",
      }),
      cell("world", "world", "", "endless-t-maze:\n  n: 3\n  l: 5\n", {
        choice: "endless-t-maze",
        kinds: ["t-maze", "endless-t-maze", "color-cubes"],
        fields: [
          field("n", "int", 3, {
            main: true,
            doc: "corridors in a chain; 1 is pure retention",
            min: 1,
            max: 20,
            paper: "1, 3, 5, 10",
            symbol: "n",
            set: true,
          }),
          field("l", "int", 5, {
            main: true,
            doc: "cells of a corridor",
            unit: "cells",
            min: 1,
            max: 50,
            paper: "5, 10",
            symbol: "l",
          }),
          field("regime", "string", "fixed", {
            main: true,
            doc: "every corridor of length l, or a random length for each",
            enum: ["fixed", "uniform"],
          }),
          field("penalty", "float", -0.01, {
            doc: "reward of a wasted step",
            min: -1,
            max: 0,
            pitfall: "must be small against 1, or the agent turns at once and guesses",
            group: "reward",
          }),
          field("nuisance", "int", 0, { doc: "blank cells with a distractor", min: 0, group: "world" }),
        ],
      }),
      cell("rl", "rl", "", "ppo:\n  lr: 0.0003\n", {
        choice: "ppo",
        kinds: ["ppo"],
        fields: [
          field("lr", "float", 0.0003, {
            main: true,
            doc: "learning rate of Adam",
            min: 0,
            max: 1,
            symbol: "α",
            group: "learning",
          }),
          field("entropy", "float", 0.01, {
            main: true,
            doc: "weight of the entropy bonus",
            min: 0,
            max: 1,
            group: "learning",
          }),
          field("steps", "int", 500000, {
            main: true,
            doc: "environment steps of training",
            unit: "steps",
            min: 1,
            group: "budget",
          }),
          field("gamma", "float", 0.99, { doc: "discount", min: 0, max: 1, symbol: "γ", group: "learning" }),
          field("unroll", "int", 128, {
            doc: "steps of a rollout",
            unit: "steps",
            min: 1,
            group: "learning",
          }),
        ],
      }),
      cell("arms", "arms", "", "lstm: {agent.kind: lstm}\n", {
        value: {
          lstm: { "agent.kind": "lstm" },
          gru: { "agent.kind": "gru" },
          rnn: { "agent.kind": "rnn" },
          ffm: { "agent.kind": "ffm" },
          "lstm-clamped": { "agent.kind": "lstm", "agent.clamp": true },
          mlp: { "agent.kind": "mlp" },
        },
      }),
      cell("run", "run", "", "seeds: 5\nbudget: laptop\n", {
        value: { seeds: 5, budget: "laptop" },
        fields: [
          field("seeds", "string", "5", { doc: "how many, or which", set: true }),
          field("target", "string", "here", { doc: "where the runs execute", enum: ["here"] }),
          field("model", "string", "tiny", { doc: "the rung" }),
        ],
      }),
      cell("chart success", "chart", "success", "metric: success\n", {
        value: { metric: "success", title: "Success on ten corridors" },
      }),
      cell(
        "claim forgetting",
        "claim",
        "forgetting",
        "value: last(success, lstm) - last(success, lstm-clamped)\nholds: '>= 0.1'\n",
        { value: { value: "last(success, lstm) - last(success, lstm-clamped)", holds: ">= 0.1" } },
      ),
      cell(
        "claim gate",
        "claim",
        "gate",
        "value: last(success, lstm) - last(success, rnn)\nholds: '>= 0.2'\n",
        { value: { value: "last(success, lstm) - last(success, rnn)", holds: ">= 0.2" } },
      ),
      cell("table", "table", "final", "metrics: [success, junction]\n"),
      cell("prose-2", "prose", "", "## Why\n", {
        value: null,
        html: "<h2>Why</h2><p>An agent that keeps everything sums its cues. See episode 17.</p>",
      }),
    ],
  };
}

const states = ["done", "done", "running", "queued", "failed"];
export const row = (arm, seed, i) => ({
  key: `k${arm}${seed}`,
  arm,
  case: "",
  seed,
  budget: "laptop",
  state: states[i % 5],
  done: [500000, 500000, 310000, 0, 120000][i % 5],
  total: 500000,
  unit: "steps",
  start_ms: Date.now() - 90000,
  heard_ms: Date.now(),
  seconds: 41.2,
  error: i % 5 === 4 && arm === "rnn" ? "loss became NaN at update 212" : "",
  hint: i % 5 === 4 && arm === "rnn" ? "lower rl.lr, now 0.0003" : "",
  final: i % 5 < 2 ? { success: 0.93, memory: 128, context: 5 } : null,
});

export const job = () => ({
  id: "j1",
  path: PATH,
  title: "Is holding a cue enough?",
  budget: "laptop",
  sweep: "",
  ahead: 0,
  state: "running",
  runs: ARMS.flatMap((a) => [100, 101, 102, 103, 104].map((s, i) => row(a, s, a === "rnn" || i < 4 ? i : 3))),
  done: 12,
  failed: 1,
  share: 0.41,
  left_lo: 190,
  left_hi: 290,
  error: null,
  start_ms: Date.now() - 90000,
});

const curve = (arm, seed, wobble) =>
  Array.from({ length: 120 }, (_, i) => [
    i * 4200,
    Math.min(
      1,
      Math.max(
        0,
        (0.5 + 0.5 * Math.tanh((i - 30 - arm * 9) / 18)) * (1 - arm * 0.13) +
          wobble * Math.sin(i * (0.7 + seed * 0.31) + seed),
      ),
    ),
  ]).flat();

export function chart(dark, one = false) {
  const colours = dark ? DARK : LIGHT;
  const series = [];
  const options = [];
  (one ? ["lstm"] : ARMS).forEach((arm, a) => {
    if (!one)
      for (let s = 0; s < 5; s++) {
        series.push({ index: series.length, name: arm, arm, role: "seed", xy: curve(a, s, 0.05) });
        options.push({
          type: "line",
          name: arm,
          showSymbol: false,
          silent: true,
          lineStyle: { width: 1, opacity: 0.35, color: colours[a] },
        });
      }
    series.push({ index: series.length, name: arm, arm, role: "mean", xy: curve(a, 9, 0.015) });
    options.push({
      type: "line",
      name: arm,
      showSymbol: false,
      lineStyle: { width: 2, color: colours[a] },
      itemStyle: { color: colours[a] },
      endLabel: { show: !one, formatter: "{a}", color: colours[a] },
    });
  });
  return {
    cell: "chart success",
    option: {
      grid: { left: 48, right: one ? 16 : 110, top: 18, bottom: 44 },
      legend: { show: !one, top: "0", right: "0", data: ARMS },
      title: { text: "t", subtext: "5 seeds, band: 95 % Student t over seeds; no smoothing; 3,600 points" },
      tooltip: { trigger: "axis" },
      xAxis: [{ type: "value", name: "environment steps", nameLocation: "middle", nameGap: 28 }],
      yAxis: [{ type: "value", name: "success (share of episodes)", min: 0, max: 1 }],
      series: options,
    },
    series,
    sentence:
      "lstm ends at 0.96, 0.91 to 1.00 over 5 seeds, above lstm-clamped in 5 of 5 seeds. Mean with 95 % t interval; every seed as a thin line.",
    table: {
      columns: ["steps", ...ARMS],
      rows: [
        ["0", "0.50", "0.48", "0.51", "0.50", "0.49", "0.50"],
        ["500,000", "0.96", "0.71", "0.44", "0.68", "0.31", "0.03"],
      ],
    },
    stale: "",
    early: true,
    points: 3600,
  };
}

const part = (expr, bound, verdict, mean, low, high, more = {}) => ({
  expr,
  bound,
  verdict,
  mean,
  low,
  high,
  half: (high - low) / 2,
  sd: 0.05,
  n: 5,
  missing: 0,
  holding: 5,
  p: 0.0625,
  p_floor: 0.0625,
  seeds_needed: 0,
  per_seed: [],
  ...more,
});
export const results = () => ({
  verdicts: [
    {
      name: "forgetting",
      text: "",
      verdict: "held",
      sentence:
        "LSTM minus its clamped twin is 0.19, 0.12 to 0.26 over 5 seeds: above 0.1 with its whole interval.",
      parts: [part("last(success, lstm) - last(success, lstm-clamped)", ">= 0.1", "held", 0.19, 0.12, 0.26)],
      seeds: [100, 101, 102, 103, 104],
      early: false,
      extended: 0,
      alpha: 0.05,
    },
    {
      name: "gate",
      text: "",
      verdict: "cannot tell",
      sentence: "",
      parts: [
        part("last(success, lstm) - last(success, rnn)", ">= 0.2", "cannot tell", 0.23, 0.11, 0.35, {
          n: 3,
          missing: 2,
          seeds_needed: 8,
          holding: 2,
          p: 0.25,
          p_floor: 0.25,
        }),
      ],
      seeds: [100, 101, 102, 103, 104],
      early: true,
      extended: 0,
      alpha: 0.05,
    },
  ],
  table: {
    columns: ["arm", "seeds", "success", "95 % t", "junction"],
    rows: ARMS.map((a, i) => [a, "5", (0.96 - i * 0.15).toFixed(2), "0.91 to 1.00", "0.99"]),
  },
  recorded: "",
  budget: "laptop",
  early: true,
});

const metric = (name, unit) => ({
  name,
  unit,
  x_unit: "environment steps",
  better: "",
  doc: `${name} in ${unit}`,
});
export const detail = () => ({
  row: row("lstm", 102, 2),
  notebook: PATH,
  title: "Is holding a cue enough?",
  code: "b1f3c2",
  kernel: "avx512",
  machine: "linux amd64, 2 cores",
  setup: {
    paper: "memory-rewriting",
    budget: "laptop",
    model: "tiny",
    sections: { world: { kind: "endless-t-maze", n: 3, l: 5 }, agent: { kind: "lstm", width: 64 } },
  },
  metrics: [
    metric("success", "share"),
    metric("memory", "numbers"),
    metric("context", "steps"),
    metric("entropy", "nats"),
    metric("loss", ""),
  ],
  episodes: 4120,
  siblings: [100, 101, 102, 103, 104].map((s, i) => row("lstm", s, i)),
  log: [
    { level: "info", text: "kernel avx512, 2 threads" },
    { level: "warn", text: "gradient clipped in 40 % of updates" },
  ],
});

const episode = (id) => ({
  id,
  split: id % 2 ? "train" : "n10",
  seed: id,
  x: 310000,
  steps: 18,
  return: id % 3 ? 2.96 : -1.02,
  success: id % 3 !== 0,
  why: "terminal",
  memory: 128,
  context: 1,
  detail: id % 2 === 0,
  omitted: 0,
});
export const episodes = () => ({
  total: 4120,
  episodes: Array.from({ length: 20 }, (_, i) => episode(4119 - i)),
});
export function episodeDetail(id) {
  const steps = Array.from({ length: 18 }, (_, t) => {
    const x = t % 6;
    const up = [1, 0, 1][Math.floor(t / 6)];
    const marks = [];
    for (let i = 0; i < 6; i++) marks.push({ x: i, y: 1, shape: "floor" });
    marks.push({
      x: 0,
      y: 2,
      shape: x > 0 ? "ghost" : up ? "arrow-up" : "arrow-down",
      label: up ? "up" : "down",
      tone: up ? 2 : 3,
    });
    if (t > 5) marks.push({ x: 0, y: 0, shape: "ghost", label: "before: down" });
    marks.push(
      { x: 5, y: up ? 0 : 2, shape: "goal", label: up ? "up" : "down" },
      { x: 5, y: up ? 2 : 0, shape: "floor", label: up ? "down" : "up" },
    );
    marks.push({ x, y: 1, shape: "agent", label: `${Math.floor(t / 6) + 1}/3`, tone: 1 });
    return {
      episode: id,
      t,
      saw: x === 0 ? `cue ${up ? "up" : "down"}` : x === 5 ? "junction" : "blank",
      action: x === 5 ? (up ? "up" : "down") : "forward",
      reward: x === 5 ? 1 : 0,
      done: t === 17,
      scene: { w: 6, h: 3, marks },
      numbers: { value: 0.8 - t / 50, "p(action)": 0.97 },
    };
  });
  return { episode: episode(id), steps, context: [], memory: [], total: 18 };
}
export const status = () => ({
  version: "0.1.0",
  kernel: "avx512",
  machine: "linux amd64, 2 cores",
  home: "",
  jobs: [job()],
});
export const plan = () => ({
  total: 30,
  unchanged: 12,
  todo: 18,
  partial: 1,
  seconds_lo: 150,
  seconds_hi: 240,
  basis: "the last 12 runs here",
  label: "Run 18 of 30 (12 unchanged), about 3 min",
});
export const own = () => [
  {
    path: "notebooks/memory-rewriting.md",
    title: "Does a smaller state let go sooner?",
    paper: "memory-rewriting",
    saved_ms: Date.now() - 300_000,
  },
];
