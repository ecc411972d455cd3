import type { MemoryFlaw, MemoryInfo } from "../../lib/api.gen";
import { plural } from "../../lib/format";

interface Props {
  info: MemoryInfo;
  onOpen: (flaw: MemoryFlaw) => void;
}

/** Operations that contradict the state before them, by name; what they touched is shown as unsure. */
export function FlawNotice({ info, onOpen }: Props) {
  const flaws = info.flaws ?? [];
  if (flaws.length === 0) return null;
  return (
    <details className="memory-flaws">
      <summary>
        <span className="tone-bad mark-shape">!</span> {plural(info.flaws_all, "operation")}{" "}
        {info.flaws_all === 1 ? "contradicts" : "contradict"} the state before
        {info.flaws_all === 1 ? " it" : " them"}: what was touched is shown as unsure
      </summary>
      <ul>
        {flaws.map((f, i) => (
          <li key={i}>
            <button type="button" className="link" onClick={() => onOpen(f)}>
              episode {f.episode}, step {f.step}
            </button>{" "}
            {f.op} of entry {f.entry || "–"} in {f.bank}: {f.text}
          </li>
        ))}
      </ul>
      {info.flaws_all > flaws.length && <p className="fine">the first {flaws.length} of them</p>}
    </details>
  );
}
