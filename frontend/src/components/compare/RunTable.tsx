import { useEffect, useRef } from "react";
import type { CompareMark, CompareRow, CompareRuns } from "../../lib/api.gen";
import { ariaSort, markOf, nextSort, since } from "../../lib/compare";
import { duration, shown } from "../../lib/format";
import { useNow } from "../../lib/now";
import { runRoute } from "../../lib/route";
import { ArmSwatch } from "../common/ArmSwatch";
import { RouteLink } from "../common/RouteLink";
import { StateMark } from "../common/StateMark";

interface Props {
  runs: CompareRuns;
  marks: readonly CompareMark[];
  sort: string;
  onMark: (row: CompareRow) => void;
  onSort: (sort: string) => void;
}

/** A page of runs as rows. A row takes the focus, so that keys mean it. */
export function RunTable({ runs, marks, sort, onMark, onSort }: Props) {
  const columns = runs.columns ?? [];
  const metric = (runs.rows ?? []).find((r) => r.metric !== "")?.metric ?? "";
  const result = columns.includes(metric) ? "" : metric;
  const cases = (runs.rows ?? []).some((r) => r.case !== "");
  const now = useNow(30_000);
  const body = useRef<HTMLTableSectionElement>(null);
  const cursor = useRef("");
  useEffect(() => {
    // Rows that change their order lose the focus: it goes back to the run that had it.
    if (document.activeElement !== document.body || cursor.current === "") return;
    body.current
      ?.querySelector<HTMLElement>(`[data-key="${cursor.current}"]`)
      ?.focus({ preventScroll: true });
  }, [runs.rows]);
  const head = (name: string, by = name, right = false) => (
    <th key={by} scope="col" aria-sort={ariaSort(sort, by)} className={right ? "right" : undefined}>
      <button type="button" className="sort" onClick={() => onSort(nextSort(sort, by))}>
        {name}
        <span aria-hidden="true">{sort === by ? " ↑" : sort === "-" + by ? " ↓" : ""}</span>
      </button>
    </th>
  );
  return (
    <div className="table-wrap runs-wrap" role="region" aria-label="runs" tabIndex={0}>
      <table className="runs">
        <caption className="unseen">
          runs, {sort === "" ? "newest first" : `sorted by ${sort.replace("-", "falling ")}`}
        </caption>
        <thead>
          <tr>
            <th scope="col">
              <span className="unseen">mark</span>
            </th>
            {head("arm")}
            {cases && head("case")}
            {head("seed", "seed", true)}
            {head("paper")}
            {head("budget")}
            {columns.map((name) => head(name, name, true))}
            {result && head(result, result, true)}
            {head("state")}
            {head("time", "seconds", true)}
            <th scope="col">begun</th>
          </tr>
        </thead>
        <tbody ref={body} onFocus={(e) => (cursor.current = e.target.closest("tr")?.dataset["key"] ?? "")}>
          {(runs.rows ?? []).map((row, i) => (
            <Row
              key={row.key}
              row={row}
              index={i}
              cases={cases}
              place={placeOf(row, marks)}
              result={result}
              columns={columns}
              now={now}
              onMark={onMark}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function placeOf(row: CompareRow, marks: readonly CompareMark[]): number {
  const mark = markOf(row, marks);
  return mark ? marks.indexOf(mark) : -1;
}

interface RowProps {
  row: CompareRow;
  index: number;
  /** Whether some row has a case. */
  cases: boolean;
  /** Of its arm among the marks, -1 without one. */
  place: number;
  result: string;
  columns: readonly string[];
  now: number;
  onMark: (row: CompareRow) => void;
}

function Row({ row, index, cases, place, result, columns, now, onMark }: RowProps) {
  const marked = place >= 0;
  const name = [row.arm, row.case, `seed ${row.seed}`].filter(Boolean).join(", ");
  return (
    <tr
      data-row={index}
      data-key={row.key}
      tabIndex={-1}
      className={marked ? "is-marked" : undefined}
      aria-label={name}
    >
      <td className="cell-mark">
        <label>
          <input type="checkbox" checked={marked} onChange={() => onMark(row)} aria-label={`mark ${name}`} />
          {marked && <ArmSwatch place={place} />}
        </label>
      </td>
      <th scope="row" className="cell-arm">
        <RouteLink to={runRoute(row.key)}>{row.arm || row.key.slice(0, 8)}</RouteLink>
      </th>
      {cases && <td data-name="case">{row.case}</td>}
      <td data-name="seed" className="right">
        {row.seed}
      </td>
      <td data-name="paper">{row.title}</td>
      <td data-name="budget">{row.budget}</td>
      {columns.map((c, i) => (
        <td key={c} data-name={c} className="right">
          {row.shown?.[i] || "–"}
        </td>
      ))}
      {result && (
        <td data-name={row.metric || result} className="right">
          {row.metric !== "" && row.metric !== result && <span className="fine">{row.metric} </span>}
          {shown(row.value)}
        </td>
      )}
      <td data-name="state">
        <StateMark state={row.state} />
        {row.error && (
          <span className="fine cell-error" title={row.error}>
            {row.error}
          </span>
        )}
      </td>
      <td data-name="time" className="right">
        {row.seconds > 0 ? duration(row.seconds) : "–"}
      </td>
      <td data-name="begun" className="cell-begun">
        {since(row.start_ms, now)}
      </td>
    </tr>
  );
}
