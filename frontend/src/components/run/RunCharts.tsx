import { useState } from "react";
import type { MetricSpec, RunDetail } from "../../lib/api.gen";
import { AT_FIRST, chosenMetrics } from "../../lib/metrics";
import { ChartView } from "../common/ChartView";

interface Props {
  detail: RunDetail;
  version: number;
}

/** Charts of a run: reward, memory, context and cost first, six at most; the others on demand. With other seeds beside it, all of them are drawn with their band unless one asks for this seed alone. */
export function RunCharts({ detail, version }: Props) {
  const metrics = detail.metrics ?? [];
  const over = detail.row.state === "done";
  const [chosen, setChosen] = useState<readonly string[]>(() =>
    chosenMetrics(metrics, over ? detail.row.final : null),
  );
  const others = (detail.siblings ?? []).some((r) => r.done > 0);
  const [alone, setAlone] = useState(false);
  const toggle = (name: string) =>
    setChosen(chosen.includes(name) ? chosen.filter((n) => n !== name) : [...chosen, name]);
  const shown = metrics.filter((m) => chosen.includes(m.name));
  return (
    <section className="run-charts" aria-label="Charts">
      <div className="chart-choice">
        {others && (
          <div className="chips" role="group" aria-label="seeds drawn">
            <Chip name="all seeds" on={!alone} onPress={() => setAlone(false)} />
            <Chip name="this seed" on={alone} onPress={() => setAlone(true)} />
          </div>
        )}
        {metrics.length > 1 && (
          <details className="chart-list">
            <summary>
              {shown.length} of {metrics.length} charts
            </summary>
            <div className="chips" role="group" aria-label="charts shown">
              {metrics.map((m) => (
                <Chip
                  key={m.name}
                  name={m.name}
                  title={m.doc}
                  on={chosen.includes(m.name)}
                  onPress={() => toggle(m.name)}
                />
              ))}
            </div>
          </details>
        )}
      </div>
      <div className="chart-grid">
        {shown.map((m, i) => (
          <Metric
            key={`${m.name} ${others && !alone}`}
            metric={m}
            run={detail.row.key}
            all={others && !alone}
            version={version}
            current={i === 0}
          />
        ))}
      </div>
      {shown.length > AT_FIRST && (
        <p className="fine">{shown.length} charts are drawn; those out of sight wait.</p>
      )}
    </section>
  );
}

function Chip({
  name,
  title = "",
  on,
  onPress,
}: {
  name: string;
  title?: string;
  on: boolean;
  onPress: () => void;
}) {
  return (
    <button type="button" className="chip" aria-pressed={on} title={title} onClick={onPress}>
      {name}
    </button>
  );
}

interface MetricProps {
  metric: MetricSpec;
  run: string;
  all: boolean;
  version: number;
  current: boolean;
}

function Metric({ metric, run, all, version, current }: MetricProps) {
  return (
    <ChartView
      title={metric.unit ? `${metric.name}, ${metric.unit}` : metric.name}
      source={{
        path: `run/${run}/chart`,
        rows: `run/${run}/rows`,
        query: { metric: metric.name, ...(all ? { seeds: "all" } : {}) },
        topic: `runchart:${run}#${metric.name}${all ? "@all" : ""}`,
      }}
      version={version}
      current={current}
    />
  );
}
