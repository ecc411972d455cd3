import type { TargetTest } from "../../lib/api.gen";
import { useSpoken } from "../../lib/spoken";
import { count, duration } from "../../lib/format";
import { StateMark } from "../common/StateMark";

/** The check of a target, step by step: what each said, and what is missing where one failed. */
export function TestSteps({ test }: { test: TargetTest }) {
  const steps = test.steps ?? [];
  const done = steps.filter((s) => s.state === "done").length;
  const spoken = useSpoken(
    test.running
      ? `${test.name}: ${done} of ${steps.length} steps`
      : `${test.name} ${test.ok ? "went well" : "failed"}`,
  );
  return (
    <div className="target-test" aria-busy={test.running}>
      {test.running && steps.length > 1 && (
        <progress max={steps.length} value={done} aria-label={`${done} of ${steps.length} steps`} />
      )}
      <ol>
        {steps.map((s) => (
          <li key={s.name}>
            <StateMark state={s.state} />
            <span className="test-name">{s.name}</span>
            <span>{s.state === "running" && test.now ? test.now : s.said}</span>
            {s.state === "done" && <span className="fine">{took(s.seconds)}</span>}
          </li>
        ))}
      </ol>
      {test.error && (
        <p className="setting-refused">
          <span aria-hidden="true">! </span>
          {test.error.hint}
        </p>
      )}
      <span className="unseen" role="status">
        {spoken}
      </span>
    </div>
  );
}

function took(seconds: number): string {
  return seconds < 10 ? `${count(seconds * 1000)} ms` : duration(seconds);
}
