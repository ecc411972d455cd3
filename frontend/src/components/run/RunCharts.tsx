import { useState } from "react";
import type { MetricSpec, RunDetail } from "../../lib/api.gen";
import { address } from "../../lib/http";
import { chosenMetrics } from "../../lib/metrics";
import { ChartView } from "../common/ChartView";

interface Props {
  detail: RunDetail;
  version: number;
}

/** Charts of a run: reward, memory size and context size first, six at most; the others on demand. */
export function RunCharts({ detail, version }: Props) {
  const metrics = detail.metrics ?? [];
  const [chosen, setChosen] = useState<readonly string[]>(() => chosenMetrics(metrics));
  const toggle = (name: string) =>
    setChosen(chosen.includes(name) ? chosen.filter((n) => n !== name) : [...chosen, name]);
  const shown = metrics.filter((m) => chosen.includes(m.name));
  return (
    <section className="run-charts" aria-label="Charts">
      {metrics.length > 1 && (
        <div className="chips" role="group" aria-label="charts shown">
          {metrics.map((m) => (
            <button
              key={m.name}
              type="button"
              className="chip"
              aria-pressed={chosen.includes(m.name)}
              title={m.doc}
              onClick={() => toggle(m.name)}
            >
              {m.name}
            </button>
          ))}
        </div>
      )}
      <div className="chart-grid">
        {shown.map((m, i) => (
          <Metric key={m.name} metric={m} run={detail.row.key} version={version} current={i === 0} />
        ))}
      </div>
    </section>
  );
}

interface MetricProps {
  metric: MetricSpec;
  run: string;
  version: number;
  current: boolean;
}

function Metric({ metric, run, version, current }: MetricProps) {
  const query = { metric: metric.name };
  return (
    <ChartView
      title={metric.unit ? `${metric.name}, ${metric.unit}` : metric.name}
      source={{ path: `run/${run}/chart`, query, topic: `runchart:${run}#${metric.name}` }}
      version={version}
      rows={address(`run/${run}/rows.csv`, query)}
      current={current}
    />
  );
}
