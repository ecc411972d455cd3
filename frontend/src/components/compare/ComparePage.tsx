import { useEffect, useRef } from "react";
import type { CompareTable } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { useCommands } from "../../lib/commands";
import { toggleHidden, without } from "../../lib/compare";
import { useFocusWalk } from "../../lib/focus-walk";
import { useResource } from "../../lib/resource";
import { library, type CompareRoute } from "../../lib/route";
import { useStore } from "../../lib/store";
import { Button } from "../common/Button";
import { FailureBox } from "../common/FailureBox";
import { Loading } from "../common/Loading";
import { ArmTable } from "./ArmTable";
import { CompareCharts } from "./CompareCharts";
import { useAgainstNoMemory } from "./MarkBar";
import { Obstacles } from "./Obstacles";
import { SaveView } from "./SaveView";
import { SolvedPanel } from "./SolvedPanel";

/** Arms side by side: the light table at once, pictures below it as one comes near. */
export function ComparePage({ route }: { route: CompareRoute }) {
  const app = useApp();
  const body = useRef<HTMLDivElement>(null);
  const { table, error, reload, version } = useTable(route);
  const arms = table?.arms ?? [];
  const walk = useFocusWalk(body, "tr[data-arm]");
  const change = (next: Partial<CompareRoute>) => app.navigation.change({ ...route, ...next });
  const here = () =>
    (document.activeElement?.closest("[data-arm]") as HTMLElement | null)?.dataset["arm"] ?? "";
  const metrics = (table?.metrics ?? []).map((m) => m.name);
  const list = () => app.navigation.go({ ...route, view: "list" });
  const first = arms.find((_, i) => i !== table?.base) ?? arms[0];
  const against = useAgainstNoMemory(route, first?.key ?? "");
  const onArm = (then: (key: string) => void) => () => {
    if (here()) then(here());
    else app.notice("Choose an arm first: j and k go from arm to arm.");
  };
  useCommands(app.commands, [
    { id: "next", title: "Next arm", group: "Compare", keys: ["j"], keyOnly: true, run: () => walk(1) },
    {
      id: "previous",
      title: "Previous arm",
      group: "Compare",
      keys: ["k"],
      keyOnly: true,
      run: () => walk(-1),
    },
    {
      id: "hide",
      title: "Hide this arm in the charts, or show it",
      group: "Compare",
      keys: ["h"],
      run: onArm((key) => app.navigation.change(toggleHidden(route, key))),
    },
    {
      id: "base",
      title: "Set the others against this arm",
      group: "Compare",
      keys: ["b"],
      run: onArm((key) => change({ base: key })),
    },
    {
      id: "remove",
      title: "Take this arm off",
      group: "Compare",
      keys: ["x"],
      run: onArm((key) => app.navigation.go(without(route, key))),
    },
    {
      id: "sort",
      title: "Next metric",
      group: "Compare",
      keys: ["s"],
      run: () =>
        change({ metric: metrics[(metrics.indexOf(table?.metric ?? "") + 1) % metrics.length] ?? "" }),
    },
    { id: "list", title: "Choose arms from the runs", group: "Compare", keys: ["a", "/"], run: list },
    { id: "no-memory", title: "Set the arms against no memory", group: "Compare", keys: ["n"], run: against },
  ]);

  return (
    <div className="page compare-page" ref={body}>
      <header className="page-head compare-head">
        <div>
          <h1>Compare</h1>
          {table && <p className="compare-sentence">{table.sentence}</p>}
        </div>
        <div className="compare-actions">
          <Button onClick={list}>Choose arms</Button>
          {first && <Button onClick={against}>Against no memory</Button>}
          {table && <SaveView table={table} route={route} />}
        </div>
      </header>
      {error && (
        <>
          <FailureBox failure={error} what="these arms could not be set side by side" onRetry={reload} />
          <Button onClick={list}>Choose other arms</Button>
        </>
      )}
      {!table && !error && (
        <Loading what="the runs of these arms" lines={6} onCancel={() => app.navigation.go(library)} />
      )}
      {table && (
        <>
          <ArmTable table={table} route={route} />
          <Obstacles table={table} />
          {arms.length < 2 && (
            <p className="hint">
              One arm stands alone here. Choose another one to set against it, or press “Against no memory”.
            </p>
          )}
          <CompareCharts table={table} route={route} version={version} />
          {arms.length > 1 && <SolvedPanel table={table} route={route} />}
        </>
      )}
    </div>
  );
}

/** The light table; the one before stays while the next comes. It is read again when runs end. */
function useTable(route: CompareRoute) {
  const { transport, jobs } = useApp();
  const query = { arms: route.arms.join(","), base: route.base, metric: route.metric };
  const { data, error, reload } = useResource(`compare ${JSON.stringify(query)}`, (signal) =>
    transport.get<CompareTable>("compare", query, signal),
  );
  const kept = useRef<{ arms: string; table: CompareTable } | undefined>(undefined);
  if (data) kept.current = { arms: query.arms, table: data };
  const work = useStore(jobs);
  const version = work.reduce((n, j) => n + j.done + j.failed, 0);
  const first = useRef(version);
  useEffect(() => {
    if (first.current !== version) reload();
    first.current = version;
  }, [version, reload]);
  const older = kept.current?.arms === query.arms ? kept.current.table : undefined;
  return { table: data ?? (error ? undefined : older), error, reload, version };
}
