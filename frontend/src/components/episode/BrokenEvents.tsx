import type { BrokenEvent } from "../../lib/api.gen";

/** Events of a step that cannot be read, as they stand in the record. The rest of the step is shown below. */
export function BrokenEvents({ events }: { events: BrokenEvent[] }) {
  if (events.length === 0) return null;
  return (
    <div className="failure" role="alert">
      <p className="failure-what">
        <span className="mark-shape tone-bad" aria-hidden="true">
          !
        </span>{" "}
        {events.length === 1 ? "An event of this step cannot be read" : "Events of this step cannot be read"}
      </p>
      <p>The record is as it was, and every other step can be read. This is what stands there:</p>
      {events.map((e) => (
        <div key={e.seq}>
          <p className="fine">
            event {e.seq}, {e.kind}: {e.msg}
          </p>
          <pre className="exact" tabIndex={0}>
            {e.raw}
          </pre>
        </div>
      ))}
    </div>
  );
}
