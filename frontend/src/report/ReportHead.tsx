import type { Report } from "../lib/api.gen";
import { duration, plural } from "../lib/format";

/** Who, when, what came out, on what, and how long it took; what is early, stale or left out is said here. */
export function ReportHead({ report }: { report: Report }) {
  const { made } = report;
  const facts: [string, string][] = [
    ["author", report.author],
    ["date", made.date],
    ["paper", report.paper],
    ["budget", report.budget],
    ["runs", runsOf(report)],
    ["made on", [made.machine, made.kernel && `kernel ${made.kernel}`].filter(Boolean).join(", ")],
    ["time", made.minutes > 0 ? `${duration(made.minutes * 60)} of work` : ""],
    ["Loci", [made.version, made.commit].filter(Boolean).join(", commit ")],
  ];
  return (
    <header className="report-head">
      <h1>{report.title}</h1>
      <p className="report-sentence">{report.sentence}</p>
      <p className="report-tags">
        {report.early && <span className="tag">early: runs were still going on</span>}
        {report.stale && <span className="tag tag-stale">~ stale: {report.stale}</span>}
        {report.recorded && <span className="tag">recorded: {report.recorded}</span>}
      </p>
      <dl className="report-facts">
        {facts
          .filter(([, value]) => value !== "")
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
      {(report.left_out ?? []).length > 0 && (
        <details className="report-left-out">
          <summary>
            {plural((report.left_out ?? []).length, "thing is", "things are")} not in this page
          </summary>
          <ul>
            {(report.left_out ?? []).map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </details>
      )}
    </header>
  );
}

/** How many runs stand behind the page, and their seeds; recorded results have seeds alone. */
function runsOf(report: Report): string {
  const n = (report.runs ?? []).length;
  const seeds = `seeds ${(report.seeds ?? []).join(", ")}`;
  return n > 0 ? `${plural(n, "run")}, ${seeds}` : seeds;
}
