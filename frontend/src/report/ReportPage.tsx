import type { Report } from "../lib/api.gen";
import { useStore } from "../lib/store";
import { block } from "./blocks";
import { ReportBody } from "./ReportBody";

/** The page of a shared experiment. */
export function ReportPage() {
  const report = useStore(block<Report>("report"));
  return (
    <>
      <header className="report-top" role="status">
        <p>
          <strong>Opened for reading. Nothing was run.</strong>
        </p>
      </header>
      {report.state === "reading" && <p className="report-wait">reading the page …</p>}
      {report.state === "broken" && (
        <div className="failure report-wait" role="alert">
          <p className="failure-what">This page cannot be read: {report.why}</p>
          <p>Ask who shared it for another copy. A browser from 2023 or later is needed.</p>
        </div>
      )}
      {report.state === "read" && <ReportBody report={report.data} />}
    </>
  );
}
