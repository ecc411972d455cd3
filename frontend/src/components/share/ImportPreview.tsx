import type { ImportOffer } from "../../lib/api.gen";
import { duration, named, plural } from "../../lib/format";
import { bytes } from "../../lib/share";
import { VerdictMark } from "../common/VerdictMark";

/** What is in a shared file: who, what came out, which runs; and what running it would need, by name. */
export function ImportPreview({ offer }: { offer: ImportOffer }) {
  const { made, wants } = offer;
  const runs = offer.runs ?? [];
  const needs: [string, string[] | null][] = [
    ["targets", wants.targets],
    ["secrets", wants.secrets],
    ["data", wants.data],
    ["programs", wants.program],
  ];
  const needed = needs.filter(([, names]) => (names ?? []).length > 0);
  return (
    <div className="import-preview">
      <p>
        <strong>{offer.title}</strong>
        {offer.author && ` by ${offer.author}`}
        <br />
        {offer.sentence}
      </p>
      <ul className="import-verdicts">
        {(offer.verdicts ?? []).map((v) => (
          <li key={v.name}>
            <VerdictMark verdict={v.verdict} /> {v.name} {v.early && <span className="tag">early</span>}
          </li>
        ))}
      </ul>
      <p className="fine">
        {[
          made.date,
          made.machine,
          made.kernel && `kernel ${made.kernel}`,
          made.minutes > 0 && `${duration(made.minutes * 60)} of work`,
          `Loci ${made.version}`,
        ]
          .filter(Boolean)
          .join(" · ")}
      </p>
      <h3>
        In it: {plural(runs.length, "run")}, {bytes(offer.bytes)}
      </h3>
      <p className="fine">
        results{offer.detail.episodes && ", episodes"}
        {offer.detail.memory && ", memory history"}
        {offer.detail.weights && ", weights"}. All parts agree with their hashes.
      </p>
      <details>
        <summary>The runs</summary>
        <ul className="import-runs">
          {runs.map((r) => (
            <li key={r.key}>
              {named(r.arm, r.case, `seed ${r.seed}`)}{" "}
              <span className="fine">
                {r.state}, {duration(r.seconds)}
              </span>
            </li>
          ))}
        </ul>
      </details>
      <details>
        <summary>The notebook, as text</summary>
        <pre tabIndex={0}>{offer.notebook}</pre>
      </details>
      <h3>To run it, it would need</h3>
      {needed.length === 0 ? (
        <p>Nothing beyond this program. It would run on this computer, and only when you press Run.</p>
      ) : (
        <ul>
          {needed.map(([what, names]) => (
            <li key={what}>
              {what}: {(names ?? []).join(", ")}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
