import { useApp } from "../../lib/app";
import { fileName, rowsAddress, saveAddress, saveText, svgOf, type Form } from "../../lib/chart-export";
import type { ChartSource, Lens } from "../../lib/charts";
import { count } from "../../lib/format";
import { failure } from "../../lib/transport";
import { zoomed, type Span } from "../../lib/zoom";
import { Button } from "./Button";
import { ExportMenu } from "./ExportMenu";

interface Props {
  title: string;
  source: ChartSource;
  lens: Lens;
  whole: Span | undefined;
  asTable: boolean;
  exporting: boolean;
  onLens: (lens: Lens) => void;
  onTable: () => void;
  onExporting: (open: boolean) => void;
}

/** Windows of the trailing mean that are offered, in points. */
const SMOOTHS = ["1", "10", "50", "200", "1000"];

/** The windows to choose from, the present one among them. */
function smooths(present: string): string[] {
  return [...new Set([...SMOOTHS, ...(present ? [present] : [])])].sort((a, b) => Number(a) - Number(b));
}

/** The buttons of a chart: zoom, smoothing, table, export. */
export function ChartBar(props: Props) {
  const { title, source, lens, whole, asTable, exporting, onLens, onTable, onExporting } = props;
  const { transport, notice } = useExporter();
  const view = lens.span ?? whole;
  const zoom = (factor: number) => {
    if (view && whole) onLens({ ...lens, span: zoomed(view, whole, factor) });
  };
  const save = (form: Form, visible: boolean) => {
    const span = visible ? lens.span : undefined;
    if (form !== "svg") return saveAddress(rowsAddress(source, form, span), fileName(title, form));
    svgOf(transport, source, title, { ...lens, span })
      .then((svg) => saveText(svg, fileName(title, form), "image/svg+xml"))
      .catch((error: unknown) => notice(failure(error).message));
  };
  return (
    <span className="chart-bar" role="group" aria-label={`view of ${title}`}>
      {whole && !asTable && (
        <>
          <Button look="quiet" label="zoom in" title="zoom in (+)" onClick={() => zoom(0.5)} icon="zoomIn" />
          <Button look="quiet" label="zoom out" title="zoom out (-)" onClick={() => zoom(2)} icon="zoomOut" />
          {lens.span && (
            <Button
              look="quiet"
              title="show everything (0)"
              onClick={() => onLens({ ...lens, span: undefined })}
            >
              Everything
            </Button>
          )}
          <label className="chart-smooth">
            <span className="unseen">smoothing of {title}</span>
            <select value={lens.smooth} onChange={(e) => onLens({ ...lens, smooth: e.target.value })}>
              <option value="">smoothing as set</option>
              {smooths(lens.smooth).map((n) => (
                <option key={n} value={n}>
                  {n === "1" ? "no smoothing" : `mean of ${count(Number(n))} points`}
                </option>
              ))}
            </select>
          </label>
        </>
      )}
      <Button look="quiet" icon={asTable ? "chart" : "table"} pressed={asTable} title="t" onClick={onTable}>
        {asTable ? "Chart" : "Table"}
      </Button>
      <ExportMenu
        title={title}
        open={exporting}
        part={lens.span !== undefined}
        onOpen={onExporting}
        onSave={save}
      />
    </span>
  );
}

function useExporter() {
  const app = useApp();
  return { transport: app.transport, notice: (text: string) => app.notice(text) };
}
