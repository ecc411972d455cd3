import type { Change, ForkAsk, ForkEffect, ForkEntry, ForkOutcome, ForkPlace, ForkView } from "./api.gen";
import { shown } from "./format";

/** What a person may do at a step: the entry that goes or changes, another action, or nothing. */
export type ForkKind = "drop" | "edit" | "act" | "none";

/** What was chosen in the form. */
export interface ForkChoice {
  kind: ForkKind;
  /** Place of the entry in the list. */
  entry: number;
  text: string;
}

export const FORK_KINDS: readonly { kind: ForkKind; title: string; help: string }[] = [
  {
    kind: "drop",
    title: "Without an entry",
    help: "the memory loses it before anything is read at this step",
  },
  { kind: "edit", title: "An entry with another text", help: "the memory holds your words in its place" },
  { kind: "act", title: "Another action", help: "the agent does this at the step, then goes on by itself" },
  { kind: "none", title: "Nothing changed", help: "the episode must come out the very same: a check" },
];

/** The kinds that a place offers: those that its method can carry out, and a list of entries where one is wanted. */
export function kindsOf(place: ForkPlace): ForkKind[] {
  const can = place.can ?? [];
  if (can.length === 0) return [];
  const entries = (place.entries ?? []).length > 0;
  return FORK_KINDS.map((k) => k.kind).filter(
    (k) => k === "none" || (can.includes(k) && (k === "act" || entries)),
  );
}

/** Where the form begins: without the entry that was pointed at, or the best that the place offers. */
export function firstChoice(place: ForkPlace, bank = "", entry = ""): ForkChoice {
  const at = (place.entries ?? []).findIndex((e) => e.id === entry && (bank === "" || e.bank === bank));
  return { kind: kindsOf(place)[0] ?? "none", entry: Math.max(0, at), text: "" };
}

/** What is wrong with a choice, "" when it can be asked for. */
export function lacks(choice: ForkChoice): string {
  if ((choice.kind === "edit" || choice.kind === "act") && choice.text.trim() === "")
    return choice.kind === "edit" ? "write the new text" : "write the action";
  return "";
}

/** The change that a choice stands for. */
export function changeOf(choice: ForkChoice, entries: readonly ForkEntry[]): Change[] {
  const entry = entries[choice.entry];
  switch (choice.kind) {
    case "drop":
      return entry ? [{ kind: "drop", bank: entry.bank, entry: entry.id }] : [];
    case "edit":
      return entry ? [{ kind: "edit", bank: entry.bank, entry: entry.id, text: choice.text.trim() }] : [];
    case "act":
      return [{ kind: "act", text: choice.text.trim() }];
    case "none":
      return [];
  }
}

export function askOf(
  place: ForkPlace,
  choice: ForkChoice,
  episode: number,
  step: number,
  replays: number,
): ForkAsk {
  return { episode, step, changes: changeOf(choice, place.entries ?? []), replays, whole: false };
}

/** Whether a fork still works. */
export function underWay(fork: ForkView | undefined): boolean {
  return fork?.state === "queued" || fork?.state === "running";
}

/** How far a fork is, in words. */
export function progressWords(fork: ForkView): string {
  const parts = [fork.state === "queued" ? "waits for a free worker" : fork.phase || "begins"];
  if (fork.total > 1) parts.push(`${fork.done} of ${fork.total}`);
  if (fork.left) parts.push(fork.left);
  return parts.join(" · ");
}

/** An outcome as a row of the table: return, success, steps. */
export function outcomeRows(o: ForkOutcome, words: string): string[][] {
  return [
    ["as it was", shown(o.was_return), o.was_success ? "yes" : "no", String(o.was_steps)],
    [words, shown(o.return), o.success ? "yes" : "no", String(o.steps)],
  ];
}

/** The effect as rows: what, mean, interval, p. Pairs that all went one way show no spread to judge by. */
export function effectRows(e: ForkEffect): string[][] {
  if (e.same)
    return [
      ["return", shown(e.return), "the same in each pair", "–"],
      ["success", shown(e.success), "the same in each pair", "–"],
    ];
  return [
    ["return", shown(e.return), `${shown(e.return_low)} to ${shown(e.return_high)}`, shown(e.return_p)],
    ["success", shown(e.success), `${shown(e.success_low)} to ${shown(e.success_high)}`, shown(e.success_p)],
  ];
}

/** The forks of one step, newest first; those of other steps are left out. */
export function forksAt(place: ForkPlace | undefined, episode: number, step: number): ForkView[] {
  return (place?.forks ?? []).filter((f) => f.episode === episode && f.step === step);
}
