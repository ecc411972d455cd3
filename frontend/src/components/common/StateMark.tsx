/** The states of runs and jobs: a shape and a word, never a colour alone. */
const STATES: Record<string, { mark: string; word: string; tone: string }> = {
  "": { mark: "○", word: "not begun", tone: "quiet" },
  queued: { mark: "○", word: "queued", tone: "quiet" },
  running: { mark: "▸", word: "running", tone: "live" },
  paused: { mark: "=", word: "paused", tone: "wait" },
  finishing: { mark: "▸", word: "finishing", tone: "live" },
  done: { mark: "✓", word: "done", tone: "good" },
  failed: { mark: "!", word: "failed", tone: "bad" },
  cancelled: { mark: "×", word: "stopped", tone: "quiet" },
  deleted: { mark: "×", word: "in the bin", tone: "quiet" },
  interrupted: { mark: "~", word: "interrupted", tone: "wait" },
  stale: { mark: "~", word: "stale", tone: "wait" },
};

export function StateMark({ state }: { state: string }) {
  const known = STATES[state] ?? { mark: "?", word: state, tone: "quiet" };
  return (
    <span className={`mark tone-${known.tone}`}>
      <span className="mark-shape" aria-hidden="true">
        {known.mark}
      </span>
      {known.word}
    </span>
  );
}
