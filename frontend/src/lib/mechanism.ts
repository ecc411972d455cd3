import type { EpisodeDetail, Memory, MemoryOp, Step } from "./api.gen";
import { shown } from "./format";

/** What a moment of an episode is about; a part of a mechanism says which of these show it. */
export type BeatKind = "told" | "read" | "act" | "reward" | MemoryOp;

/** One moment of a recorded episode. */
export interface Beat {
  kind: BeatKind;
  t: number;
  title: string;
  text: string;
  step?: Step;
  memory?: Memory;
}

const NAMES: Record<BeatKind, string> = {
  told: "the agent is told",
  read: "it reads its memory",
  act: "it acts",
  reward: "what came of it",
  write: "an entry is written",
  change: "an entry changes",
  merge: "entries become one",
  delete: "an entry goes",
};

/** The moments of an episode in the order in which they happened: what was told, what was read, the act, the reward, what the memory did. */
export function beatsOf(detail: EpisodeDetail): Beat[] {
  const memory = detail.memory ?? [];
  const steps = detail.steps ?? [];
  const beats = steps.flatMap((s) =>
    ofStep(
      s,
      memory.filter((m) => m.t === s.t),
    ),
  );
  const last = steps.at(-1)?.t ?? -1;
  return [...beats, ...memory.filter((m) => m.t > last).map(ofMemory)];
}

function ofStep(step: Step, memory: Memory[]): Beat[] {
  const t = step.t;
  const reads = memory.filter((m) => m.op === "read");
  const rest = memory.filter((m) => m.op !== "read");
  const out: Beat[] = [{ kind: "told", t, title: NAMES.told, text: step.saw, step }];
  out.push(...reads.map(ofMemory));
  out.push({ kind: "act", t, title: NAMES.act, text: step.action, step });
  if (step.done || Number(step.reward) !== 0)
    out.push({ kind: "reward", t, title: NAMES.reward, text: `reward ${shown(step.reward)}`, step });
  return [...out, ...rest.map(ofMemory)];
}

function ofMemory(m: Memory): Beat {
  return { kind: m.op, t: m.t, title: NAMES[m.op], text: memoryText(m), memory: m };
}

function memoryText(m: Memory): string {
  if (m.op === "read") {
    const used = (m.hits ?? []).filter((h) => h.used).length;
    return `asked: ${m.query ?? ""}; ${used} of ${(m.hits ?? []).length} candidates read`;
  }
  return m.after?.text ?? m.before?.text ?? "";
}

/** Which part of a mechanism a moment belongs to: the first that names it; of several readings in a row the parts take turns. */
export function partOf(beat: Beat, parts: readonly { beats: string[] | null }[]): number[] {
  return parts.flatMap((p, i) => ((p.beats ?? []).includes(beat.kind) ? [i] : []));
}
