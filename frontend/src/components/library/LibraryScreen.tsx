import { lazy, Suspense, useEffect, useRef } from "react";
import { useApp } from "../../lib/app";
import type { Library, LibraryPaper } from "../../lib/api.gen";
import { useCommands } from "../../lib/commands";
import { choosePapers } from "../../lib/filter";
import { useFocusWalk } from "../../lib/focus-walk";
import { plural } from "../../lib/format";
import { START_HERE } from "../../lib/lesson";
import { useGrowing } from "../../lib/growing";
import { useResource } from "../../lib/resource";
import { formatRoute, library, notebookRoute, type LibraryRoute } from "../../lib/route";
import { Button } from "../common/Button";
import { Empty } from "../common/Empty";
import { FailureBox } from "../common/FailureBox";
import { Loading } from "../common/Loading";
import { ImportBox } from "../share/ImportBox";
import { Filters } from "./Filters";
import { OwnNotebooks } from "./OwnNotebooks";
import { PaperCard } from "./PaperCard";

const PaperPage = lazy(() => import("./PaperPage"));

/** The cards, or one paper's mechanism and code. */
export function LibraryScreen({ route }: { route: LibraryRoute }) {
  const app = useApp();
  const { data } = useResource("library", (signal) => app.transport.get<Library>("library", {}, signal));
  if (route.paper === "" || route.view === "") return <Cards route={route} />;
  const paper = data?.papers?.find((p) => p.card.slug === route.paper);
  return (
    <Suspense fallback={<Loading what="the page" />}>
      <PaperPage route={route} notebook={paper?.works ? paper.path : ""} />
    </Suspense>
  );
}

/** Find a method, understand it in a minute, start from it. */
function Cards({ route }: { route: LibraryRoute }) {
  const app = useApp();
  const fresh = useResource("library", (signal) => app.transport.get<Library>("library", {}, signal));
  const { error, reload } = fresh;
  // On the way back the cards of last time stand at once, until the newer ones are here.
  const data = fresh.data ?? app.library.get();
  useEffect(() => {
    if (fresh.data) app.library.set(fresh.data);
  }, [app, fresh.data]);
  const search = useRef<HTMLInputElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  const walk = useFocusWalk(grid, ".card-open-button");
  const change = (part: Partial<LibraryRoute>) => app.navigation.change({ ...route, ...part });
  const openNotebook = (p: LibraryPaper) => app.navigation.go(notebookRoute(p.path));

  useEffect(() => app.heading.set({ title: "Library", saved: 0 }), [app]);
  useCommands(app.commands, [
    {
      id: "search",
      title: "Search the Library",
      group: "Library",
      keys: ["/"],
      run: () => search.current?.focus(),
    },
    {
      id: "new-here",
      title: "New notebook",
      group: "Library",
      keys: ["n"],
      keyOnly: true,
      run: () => app.navigation.go(notebookRoute("")),
    },
    { id: "next", title: "Next card", group: "Library", keys: ["j"], keyOnly: true, run: () => walk(1) },
    {
      id: "previous",
      title: "Previous card",
      group: "Library",
      keys: ["k"],
      keyOnly: true,
      run: () => walk(-1),
    },
    {
      id: "leave",
      title: "Close the card",
      group: "Library",
      keys: ["Escape"],
      keyOnly: true,
      typing: true,
      run: () => (route.paper ? change({ paper: "" }) : search.current?.blur()),
    },
  ]);

  const all = data?.papers ?? [];
  const found = startFirst(choosePapers(all, route), route);
  const { shown, end } = useGrowing(found.length, formatRoute({ ...route, paper: "" }));
  return (
    <div className="page">
      <header className="page-head">
        <h1>Library</h1>
        <p className="lead">Memory systems of the literature, each as a notebook that runs here.</p>
        <ImportBox />
      </header>
      <OwnNotebooks notebooks={data?.own ?? []} onOpen={(path) => app.navigation.go(notebookRoute(path))} />
      <Filters papers={all} route={route} found={found.length} searchRef={search} onChange={change} />
      {error && <FailureBox failure={error} what="the Library could not be read" onRetry={reload} />}
      {!data && !error && <Loading what="the cards" lines={6} />}
      {data && found.length === 0 && (
        <Empty text={all.length === 0 ? "This build carries no papers." : "No card matches."}>
          {all.length > 0 && (
            <Button look="main" onClick={() => app.navigation.change({ ...library, paper: route.paper })}>
              Show all {plural(all.length, "card")}
            </Button>
          )}
        </Empty>
      )}
      <div className="cards" ref={grid}>
        {found.slice(0, shown).map((p) => (
          <PaperCard
            key={p.card.slug}
            paper={p}
            open={route.paper === p.card.slug}
            onToggle={() => change({ paper: route.paper === p.card.slug ? "" : p.card.slug })}
            onOpenNotebook={() => openNotebook(p)}
            onLesson={() => app.navigation.go({ ...notebookRoute(p.path), lesson: "paper" })}
            onView={(view) => app.navigation.go({ ...library, paper: p.card.slug, view })}
          />
        ))}
      </div>
      <div ref={end} />
    </div>
  );
}

/** The card to begin with stands first while nothing is searched, filtered or sorted. */
function startFirst(papers: LibraryPaper[], route: LibraryRoute): LibraryPaper[] {
  const asked = route.query !== "" || route.sort !== "" || Object.keys(route.filters).length > 0;
  const start = papers.find((p) => p.card.slug === START_HERE);
  return asked || !start ? papers : [start, ...papers.filter((p) => p !== start)];
}
