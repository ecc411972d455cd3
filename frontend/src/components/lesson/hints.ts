import type { Hint } from "../../lib/hints";
import { never } from "../../lib/route";
import type { Phase } from "../../lib/lesson";

/** The one line that helps at each place of a lesson. */
export function hintOf(phase: Phase): Hint {
  switch (phase) {
    case "ask":
      return { text: "Guess first: there is no wrong answer, and nothing to read before." };
    case "run":
      return { text: "Each mark is one episode. Turn a knob meanwhile: it starts its own short run." };
    case "result":
      return { text: "Press Why? to see a step at which the wrong memory was read." };
    default:
      return never(phase);
  }
}
