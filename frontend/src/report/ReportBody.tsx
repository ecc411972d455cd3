import { useEffect, useState } from "react";
import type { Report } from "../lib/api.gen";
import { useCommands } from "../lib/commands";
import { keyLabel } from "../lib/keys";
import { useStore } from "../lib/store";
import { DataTable } from "../components/common/DataTable";
import { commands } from "./keys";
import { ReportCell } from "./ReportCell";
import { ReportChart } from "./ReportChart";
import { ReportClaims } from "./ReportClaims";
import { ReportHead } from "./ReportHead";
import { RunViewer } from "./RunViewer";

/** All parts of a shared experiment, one below the other. */
export function ReportBody({ report }: { report: Report }) {
  const [asTable, setAsTable] = useState(false);
  const charts = report.charts ?? [];
  const looked = (report.runs ?? []).filter((r) => r.episodes > 0 || r.memory > 0);
  useEffect(() => {
    document.title = report.title;
  }, [report.title]);
  useCommands(
    commands,
    charts.length > 0
      ? [
          {
            id: "table",
            title: "tables in place of charts",
            group: "Page",
            keys: ["t"],
            run: () => setAsTable(!asTable),
          },
        ]
      : [],
  );
  return (
    <main className="report">
      <ReportHead report={report} />
      <section aria-labelledby="results">
        <h2 id="results">Results</h2>
        <ReportClaims report={report} />
        {(report.table?.rows ?? []).length > 0 && (
          <DataTable table={report.table} caption="last values: mean over seeds with 95 % t interval" />
        )}
      </section>
      {charts.length > 0 && (
        <section aria-labelledby="charts">
          <h2 id="charts">Charts</h2>
          <div className="report-charts">
            {charts.map((c) => (
              <ReportChart key={c.chart.cell} chart={c} asTable={asTable} />
            ))}
          </div>
        </section>
      )}
      {looked.length > 0 && <RunViewer runs={looked} />}
      <section aria-labelledby="notebook">
        <h2 id="notebook">Notebook</h2>
        {(report.cells ?? []).map((c) => (
          <ReportCell key={c.id} cell={c} />
        ))}
      </section>
      <Keys />
    </main>
  );
}

/** The keys that work here. */
function Keys() {
  const all = useStore(commands.all);
  const mac = /Mac|iPhone|iPad/.test(navigator.userAgent);
  return (
    <footer className="report-keys fine" aria-label="Keys">
      {all.map((c) => (
        <span key={c.id}>
          {c.keys.map((k) => (
            <kbd key={k}>{keyLabel(k, mac)}</kbd>
          ))}{" "}
          {c.title}
        </span>
      ))}
    </footer>
  );
}
