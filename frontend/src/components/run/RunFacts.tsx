import type { RunDetail } from "../../lib/api.gen";
import { keysOf } from "../../lib/notebook";
import { showKnob } from "../../lib/knob";

/** What made this run: set-up, code, kernel, machine. */
export function RunFacts({ detail }: { detail: RunDetail }) {
  const { setup } = detail;
  const facts: [string, string][] = [
    ["paper", setup.paper],
    ["budget", setup.budget],
    ["model", setup.model],
    ["from a shared file", detail.imported ?? ""],
    ["kernel", detail.kernel],
    ["machine", detail.machine],
    ["code", detail.code],
    ["run key", detail.row.key],
  ];
  return (
    <details className="more">
      <summary>
        Set-up, kernel {detail.kernel || "unknown"}
        {detail.imported && `, ${detail.imported}`}
      </summary>
      <dl className="facts-list">
        {facts
          .filter(([, v]) => v)
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <code>{value}</code>
              </dd>
            </div>
          ))}
      </dl>
      {Object.entries(setup.sections ?? {}).map(([name, section]) => (
        <section key={name}>
          <h3>{name}</h3>
          <dl className="facts-list">
            {keysOf(section).map((knob) => (
              <div key={knob}>
                <dt>{knob}</dt>
                <dd>
                  <code>{showKnob((section as Record<string, unknown>)[knob])}</code>
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </details>
  );
}
