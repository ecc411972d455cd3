import { useEffect, useRef, useState } from "react";
import type { MemoryInfo, MemoryPlace } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { useLife, useMemoryPage, useMoment, useRested, useSteady, ROWS } from "../../lib/memory-data";
import { numberColumns } from "../../lib/memory-view";
import type { MemoryRoute } from "../../lib/route";
import { failure } from "../../lib/transport";
import { FailureBox } from "../common/FailureBox";
import { Loading } from "../common/Loading";
import { AskAnswer } from "./AskAnswer";
import { DifferenceLine } from "./DifferenceLine";
import { EntryTable } from "./EntryTable";
import { FlawNotice } from "./FlawNotice";
import { GraphView } from "./GraphView";
import { GroupBar } from "./GroupBar";
import { LifePanel } from "./LifePanel";
import { MapView } from "./MapView";
import { MemoryCharts } from "./MemoryCharts";
import { MemoryHead } from "./MemoryHead";
import { MomentSlider } from "./MomentSlider";
import { useMemoryCommands } from "./memory-commands";
import { WeightsView } from "./WeightsView";

/** The bank of a run at a moment: slider, table or picture, the life of an entry, charts. */
export function MemoryBrowser({ info, route }: { info: MemoryInfo; route: MemoryRoute }) {
  const app = useApp();
  const banks = info.banks ?? [];
  const bank = banks.find((b) => b.name === route.bank) ?? banks[0];
  const name = bank?.name ?? "";
  const moment = useMoment(route, info.moments);
  const [offset, setOffset] = useState(0);
  const [group, setGroup] = useState("");
  const [pinned, setPinned] = useState(-1);
  const filter = useRef<HTMLInputElement>(null);
  const ask = useRef<HTMLInputElement>(null);
  const life = useRef<HTMLElement>(null);
  const go = (part: Partial<MemoryRoute>) => app.navigation.go({ ...route, ...part });
  const change = (part: Partial<MemoryRoute>) => app.navigation.change({ ...route, ...part });
  useEffect(() => setOffset(0), [name, route.query, route.sort, route.against]);

  const page = useMemoryPage(route.key, route.bank === "" || bank ? name : route.bank, {
    at: moment.at,
    against: route.against,
    query: route.query,
    sort: route.sort,
    group,
    offset,
  });
  const shown = useSteady(page, `${route.key} ${name}`);
  const rested = useRested(moment.at);
  const lifeOf = useLife(route.key, name, route.entry, rested);
  const entry = useSteady(lifeOf, `${route.key} ${name} ${route.entry}`);
  const rows = shown?.rows ?? [];

  const toEpisode = (by: 1 | -1) => {
    app.transport
      .get<MemoryPlace>(`run/${route.key}/memory/moment`, { at: moment.at, by })
      .then((place) => moment.set(place.moment))
      .catch((error: unknown) => app.notice(failure(error).message));
  };
  const compare = async () => {
    if (route.against >= 0) {
      setPinned(route.against);
      change({ against: -1 });
    } else if (pinned >= 0 && pinned !== moment.at) change({ against: pinned });
    else {
      const place = await app.transport.get<MemoryPlace>(`run/${route.key}/memory/moment`, {
        at: moment.at,
        by: -1,
      });
      change({ against: place.moment });
    }
  };
  const select = (by: 1 | -1) => {
    const at = rows.findIndex((r) => r.id === route.entry);
    const next = rows[at < 0 ? 0 : at + by];
    if (next) change({ entry: next.id });
    else if (by > 0 && offset + ROWS < (shown?.match ?? 0)) setOffset(offset + ROWS);
    else if (by < 0 && offset > 0) setOffset(Math.max(0, offset - ROWS));
  };
  useMemoryCommands(app, {
    move: (by) => moment.set(moment.at + by),
    episode: toEpisode,
    pin: () => change({ against: route.against === moment.at ? -1 : moment.at }),
    difference: () => void compare().catch((error: unknown) => app.notice(failure(error).message)),
    life: () => (route.entry === "" ? select(1) : life.current?.focus()),
    ask: () => ask.current?.focus(),
    filter: () => filter.current?.focus(),
    select,
    close: () => route.entry !== "" && change({ entry: "" }),
    newest: () => moment.set(info.moments),
  });

  if (route.bank !== "" && page.error?.code === "not-found") {
    return (
      <div className="page">
        <FailureBox failure={page.error} what={`the bank ${route.bank} could not be shown`} />
      </div>
    );
  }
  const badFilter = page.error?.code === "invalid" ? page.error : undefined;
  return (
    <div className="page memory-page">
      <MemoryHead
        info={info}
        bank={name}
        route={route}
        filterRef={filter}
        problem={badFilter}
        onBank={(next) => go({ bank: next, entry: "", query: "", sort: "" })}
        onView={(view) => go({ view })}
        onFilter={(query) => change({ query })}
      />
      <FlawNotice info={info} onOpen={(f) => moment.set(f.moment)} />
      <MomentSlider
        marks={info.marks ?? []}
        newest={info.moments}
        at={moment.at}
        against={route.against}
        place={shown?.place.moment === moment.at ? shown.place : undefined}
        live={moment.live}
        running={info.state === "running"}
        onMove={moment.set}
        onEpisode={toEpisode}
        onPin={() => change({ against: route.against === moment.at ? -1 : moment.at })}
      />
      <DifferenceLine
        page={shown}
        on={route.against >= 0}
        askRef={ask}
        ask={route.ask}
        onToggle={() => void compare()}
        onFilter={(query) => change({ query })}
        query={route.query}
        onAsk={(text) => go({ ask: text })}
      />
      {route.ask !== "" && (
        <AskAnswer
          run={route.key}
          bank={name}
          at={rested}
          text={route.ask}
          onOpen={(id) => change({ entry: id })}
          onClose={() => go({ ask: "" })}
        />
      )}
      {page.error && !badFilter && (
        <FailureBox
          failure={page.error}
          what="this page of the bank could not be read"
          onRetry={page.reload}
        />
      )}
      <div className="memory-main">
        <section className="memory-view" aria-label="Entries" aria-busy={page.data === undefined}>
          {shown && (
            <GroupBar
              page={shown}
              group={group}
              query={route.query}
              main={bank?.main ?? ""}
              onGroup={setGroup}
              onFilter={(query) => change({ query })}
            />
          )}
          {!shown && !page.error && <Loading what={`the bank ${name}`} lines={12} />}
          {shown && route.view === "" && (
            <EntryTable
              page={shown}
              columns={numberColumns(bank)}
              main={bank?.main ?? ""}
              sort={route.sort}
              selected={route.entry}
              onSort={(sort) => change({ sort })}
              onOpen={(id) => change({ entry: id })}
              onPage={setOffset}
            />
          )}
          {route.view === "graph" && (
            <GraphView
              run={route.key}
              bank={name}
              at={rested}
              query={route.query}
              entry={route.entry}
              onOpen={(id) => change({ entry: id })}
            />
          )}
          {route.view === "map" && (
            <MapView
              run={route.key}
              bank={name}
              at={rested}
              query={route.query}
              entry={route.entry}
              onOpen={(id) => change({ entry: id })}
            />
          )}
          {route.view === "weights" && <WeightsView info={info} route={route} at={rested} />}
        </section>
        <LifePanel
          panel={life}
          run={route.key}
          life={entry}
          error={lifeOf.error}
          wanted={route.entry}
          at={moment.at}
          last={shown?.last ?? undefined}
          onMoment={moment.set}
          onOpen={(id) => change({ entry: id })}
        />
      </div>
      <MemoryCharts run={route.key} bank={name} at={rested} entry={route.entry} main={bank?.main ?? ""} />
    </div>
  );
}
