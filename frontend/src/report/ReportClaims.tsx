import type { Report } from "../lib/api.gen";
import { VerdictMark } from "../components/common/VerdictMark";
import { ClaimPart } from "../components/notebook/ClaimPart";

/** The claims with verdict, interval and seeds. */
export function ReportClaims({ report }: { report: Report }) {
  const verdicts = report.verdicts ?? [];
  if (verdicts.length === 0) return <p className="fine">No claim is judged at budget {report.budget}.</p>;
  return (
    <ul className="report-claims">
      {verdicts.map((v) => (
        <li key={v.name} className="claim">
          <p className="claim-verdict">
            <strong>{v.name}</strong> <VerdictMark verdict={v.verdict} />
            {v.early && <span className="tag">early: runs were still going on</span>}
            {v.extended > 0 && <span className="tag">extended {v.extended} times</span>}
          </p>
          {(v.parts ?? []).map((part, i) => (
            <ClaimPart key={i} part={part} several={(v.parts ?? []).length > 1} />
          ))}
          {v.sentence && <p className="claim-sentence">{v.sentence}</p>}
        </li>
      ))}
    </ul>
  );
}
