import type { Computer } from "../../lib/api.gen";
import { age, bytes, plural } from "../../lib/format";
import { settings } from "../../lib/route";
import { RouteLink } from "../common/RouteLink";
import { WorkList } from "./WorkList";

/** This computer: what it has, what is free, and what runs here. */
export function ComputerCard({ computer, now }: { computer: Computer; now: number }) {
  const c = computer;
  const facts: [string, string][] = [
    ["processor", c.name],
    ["kernel", `${c.kernel}, ${plural(c.cores, "core")}`],
    [
      "memory",
      c.memory_free >= 0 ? `${bytes(c.memory_free)} free of ${bytes(c.memory_total)}` : "not known here",
    ],
    [
      "disk",
      c.disk_free >= 0
        ? `${bytes(c.disk_free)} free of ${bytes(c.disk_total)} where the data lie`
        : "not known here",
    ],
    ["graphics", (c.gpus ?? []).join(", ") || "none found; runs compute on the processor"],
  ];
  return (
    <section className="target" aria-label="This computer">
      <div className="target-head">
        <h2>This computer</h2>
        <span className="mark tone-good">
          <span className="mark-shape" aria-hidden="true">
            ✓
          </span>
          works
        </span>
        <span className="fine">asked {age(c.asked_ms, now) || "just now"}</span>
        <span className="grow" />
        <span className="fine">
          up to {plural(c.at_a_time, "run")} at a time,{" "}
          <RouteLink to={{ ...settings, query: "limits" }}>change</RouteLink>
        </span>
      </div>
      <dl className="facts-list">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p className="fine">Costs nothing, and no file leaves it.</p>
      <WorkList work={c.work} />
    </section>
  );
}
