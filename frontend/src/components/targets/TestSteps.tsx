import type { TargetTest } from "../../lib/api.gen";
import { useSpoken } from "../../lib/spoken";
import { StateMark } from "../common/StateMark";

/** The check of a target, step by step: what each said, and what is missing where one failed. */
export function TestSteps({ test }: { test: TargetTest }) {
  const steps = test.steps ?? [];
  const done = steps.filter((s) => s.state === "done").length;
  const spoken = useSpoken(
    test.running
      ? `testing ${test.name}: ${done} of ${steps.length} steps`
      : `${test.name} ${test.ok ? "answered" : "failed"}`,
  );
  return (
    <div className="target-test" aria-busy={test.running}>
      <ol>
        {steps.map((s) => (
          <li key={s.name}>
            <StateMark state={s.state} />
            <span className="test-name">{s.name}</span>
            <span>{s.said}</span>
            {s.state === "done" && <span className="fine">{Math.round(s.seconds * 1000)} ms</span>}
          </li>
        ))}
      </ol>
      {test.error && (
        <p className="setting-refused">
          <span aria-hidden="true">! </span>
          {test.error.hint}
        </p>
      )}
      {test.ok && (test.models ?? []).length > 0 && (
        <details>
          <summary>{(test.models ?? []).length} models there</summary>
          <p className="fine">{(test.models ?? []).slice(0, 200).join(", ")}</p>
        </details>
      )}
      <span className="unseen" role="status">
        {spoken}
      </span>
    </div>
  );
}
