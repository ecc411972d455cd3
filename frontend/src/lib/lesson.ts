import type { Episode, FormField, Cell, LessonResult } from "./api.gen";
import { shown } from "./format";

/** The paper whose notebook is the first minute of a newcomer. */
export const START_HERE = "memrl";

/** Where a lesson stands: nothing asked yet, runs going on, runs over. */
export type Phase = "ask" | "run" | "result";

export function phaseOf(guess: string, result: LessonResult | undefined): Phase {
  if (guess === "") return "ask";
  return result?.done ? "result" : "run";
}

/** What the guess came to, in words. */
export function verdictOn(guess: string, result: LessonResult): string {
  const ends = (result.arms ?? []).map((a) => `${a.arm} ${shown(a.mean)}`).join(", ");
  if (result.winner === "") return `Neither is ahead: ${ends}.`;
  return guess === result.winner
    ? `You said ${guess}, and here ${guess} is ahead: ${ends}.`
    : `You said ${guess}, but here ${result.winner} is ahead: ${ends}.`;
}

/** The order of events in which a lane shows training episodes: oldest first, at most so many. */
export function lane(episodes: readonly Episode[], most: number): Episode[] {
  return [...episodes]
    .filter((e) => e.split === "train")
    .sort((a, b) => a.id - b.id)
    .slice(-most);
}

export interface LessonKnob {
  cell: string;
  field: FormField;
}

/** The knobs that a lesson shows: those named in the address, or the paper's own. */
export function lessonKnobs(cells: readonly Cell[], lesson: string, paper: readonly string[]): LessonKnob[] {
  const wanted = lesson === "paper" || lesson === "" ? paper : lesson.split(/[\s,]+/).filter(Boolean);
  return wanted.flatMap((path) => {
    const [kind, name] = path.split(".");
    const cell = cells.find((c) => c.kind === kind);
    const field = (cell?.fields ?? []).find((f) => f.field.path === name);
    return cell && field ? [{ cell: cell.id, field }] : [];
  });
}
