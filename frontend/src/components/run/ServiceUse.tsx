import type { RunUsed } from "../../lib/api.gen";
import { serviceFacts } from "../../lib/service-use";

/** What the run has used at its training service since it was begun: tokens, waiting, dollars. */
export function ServiceUse({ used }: { used: RunUsed }) {
  return (
    <section className="service-use">
      <h2>At the service {used.service}</h2>
      <dl className="facts-list">
        {serviceFacts(used).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p className="fine">
        All since the run was begun.{" "}
        {used.priced ? (
          "Dollars by the prices of the target."
        ) : (
          <>
            A price is set under Targets, or with{" "}
            <code>
              loci target price {used.service} {used.model || "MODEL"}
            </code>
          </>
        )}
      </p>
    </section>
  );
}
