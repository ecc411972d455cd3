import { useEffect, useRef, useState } from "react";
import type { CompareRow, CompareRuns } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { useCommands } from "../../lib/commands";
import { MOST_ARMS, PAGE, sortsOf, toggleMark } from "../../lib/compare";
import { countText } from "../../lib/compare-filter";
import { useFocusWalk } from "../../lib/focus-walk";
import { count, plural } from "../../lib/format";
import { useResource } from "../../lib/resource";
import { library, runRoute, type CompareRoute } from "../../lib/route";
import { useStore } from "../../lib/store";
import { Button } from "../common/Button";
import { Empty } from "../common/Empty";
import { FailureBox } from "../common/FailureBox";
import { Loading } from "../common/Loading";
import { FilterBox } from "./FilterBox";
import { MarkBar } from "./MarkBar";
import { RunTable } from "./RunTable";

/** The runs of this computer, by a typed filter and page by page; marks choose what is set side by side. */
export function RunsPage({ route }: { route: CompareRoute }) {
  const app = useApp();
  const body = useRef<HTMLDivElement>(null);
  const from = Math.max(route.from, 0);
  const runs = useRuns(route, from);
  const data = runs.shown;
  const marks = data?.marked ?? [];
  const rows = data?.rows ?? [];
  const change = (next: Partial<CompareRoute>) => app.navigation.change({ ...route, ...next });
  const mark = (row: CompareRow) => {
    const next = toggleMark(route, row, marks);
    if (next) app.navigation.change({ ...next, view: "list" });
    else app.notice(`${MOST_ARMS} arms are marked: more cannot be told apart side by side.`);
  };
  const compare = () => app.navigation.go({ ...route, view: "" });
  const walk = useFocusWalk(body, "tr[data-row]");
  const here = () =>
    rows[Number((document.activeElement?.closest("[data-row]") as HTMLElement | null)?.dataset["row"] ?? -1)];
  const page = (by: number) => {
    const next = from + by * PAGE;
    if (next >= 0 && next < (data?.found ?? 0)) change({ from: next === 0 ? -1 : next });
  };
  const sorts = sortsOf(rows);
  useCommands(app.commands, [
    {
      id: "next",
      title: "Next run",
      group: "Compare",
      keys: ["j", "ArrowDown"],
      keyOnly: true,
      run: () => walk(1),
    },
    {
      id: "previous",
      title: "Previous run",
      group: "Compare",
      keys: ["k", "ArrowUp"],
      keyOnly: true,
      run: () => walk(-1),
    },
    {
      id: "mark",
      title: "Mark the arm of this run, or take the mark away",
      group: "Compare",
      keys: ["Space"],
      run: () => withRow(here(), mark),
    },
    {
      id: "open",
      title: "Open this run",
      group: "Compare",
      keys: ["Enter"],
      keyOnly: true,
      run: () => withRow(here(), (r) => app.navigation.go(runRoute(r.key))),
    },
    {
      id: "sort",
      title: "Sort by the next column",
      group: "Compare",
      keys: ["s"],
      run: () => change({ sort: sorts[(sorts.indexOf(route.sort) + 1) % sorts.length] ?? "", from: -1 }),
    },
    {
      id: "compare",
      title: "Compare the marked arms",
      group: "Compare",
      keys: ["c"],
      run: () => route.arms.length > 0 && compare(),
    },
    { id: "page-next", title: "Next page of runs", group: "Compare", keys: ["]"], run: () => page(1) },
    {
      id: "page-previous",
      title: "Previous page of runs",
      group: "Compare",
      keys: ["["],
      run: () => page(-1),
    },
  ]);

  return (
    <div className="page compare-page" ref={body}>
      <header className="page-head">
        <h1>Compare</h1>
        <p className="lead">
          Mark runs to set their arms side by side. One mark stands for all seeds of an arm.
        </p>
      </header>
      <FilterBox
        query={route.query}
        runs={data}
        onQuery={(query) => change({ query, from: -1, view: route.arms.length > 0 ? "list" : route.view })}
      />
      <p className="compare-count" role="status">
        {data && !data.problem && countText(data, count)}
        {data?.problem && "the filter cannot be read yet"}
        {runs.stale && " · reading …"}
      </p>
      {runs.error && (
        <FailureBox failure={runs.error} what="the runs could not be read" onRetry={runs.reload} />
      )}
      {!data && !runs.error && (
        <Loading what="the runs" lines={10} onCancel={() => app.navigation.go(library)} />
      )}
      {data && data.total === 0 && (
        <Empty text="Here one decides between arms: what differs, what came of it, and how sure that is. Nothing has been run yet.">
          <Button look="main" onClick={() => app.navigation.go(library)}>
            Choose a notebook to run
          </Button>
        </Empty>
      )}
      {data && data.total > 0 && data.found === 0 && !data.problem && (
        <Empty text={`None of the ${plural(data.total, "run")} passes this filter.`}>
          <Button onClick={() => change({ query: "", from: -1 })}>Show all runs</Button>
        </Empty>
      )}
      {data && rows.length > 0 && (
        <RunTable
          runs={data}
          marks={marks}
          sort={route.sort}
          onMark={mark}
          onSort={(sort) => change({ sort, from: -1 })}
        />
      )}
      {data && data.found > PAGE && (
        <nav className="pager" aria-label="pages of runs">
          <Button disabled={from === 0} onClick={() => page(-1)}>
            Newer
          </Button>
          <span>
            {count(from + 1)} to {count(Math.min(from + PAGE, data.found))} of {count(data.found)}
          </span>
          <Button disabled={from + PAGE >= data.found} onClick={() => page(1)}>
            Older
          </Button>
        </nav>
      )}
      <MarkBar route={route} marks={marks} onCompare={compare} />
    </div>
  );
}

function withRow(row: CompareRow | undefined, then: (row: CompareRow) => void): void {
  if (row) then(row);
}

/** The page of runs, kept while the next one comes; while the filter cannot be read the rows before it stay. */
function useRuns(route: CompareRoute, from: number) {
  const { transport, jobs } = useApp();
  const query = { q: route.query, sort: route.sort, offset: from, limit: PAGE, marked: route.arms.join(",") };
  const { data, error, since, reload } = useResource(`runs ${JSON.stringify(query)}`, (signal) =>
    transport.get<CompareRuns>("compare/runs", query, signal),
  );
  const [shown, setShown] = useState<CompareRuns>();
  useEffect(() => {
    if (data) setShown((old) => (data.problem && old ? { ...old, problem: data.problem } : data));
  }, [data]);
  const work = useStore(jobs);
  const done = work.reduce((n, j) => n + j.done + j.failed + (j.runs ?? []).length, 0);
  const first = useRef(done);
  useEffect(() => {
    if (first.current !== done) reload();
    first.current = done;
  }, [done, reload]);
  return {
    shown: data && !data.problem ? data : shown,
    error,
    stale: since > 0 && shown !== undefined,
    reload,
  };
}
