import { lazy, Suspense, useEffect, useRef } from "react";
import { useApp } from "../../lib/app";
import { never, type Route } from "../../lib/route";
import { useStore } from "../../lib/store";
import { prefetch } from "../../lib/prefetch";
import { focusHeading } from "../../lib/heading-focus";
import { Loading } from "../common/Loading";
import { LibraryScreen } from "../library/LibraryScreen";
import { ScreenBoundary } from "./ScreenBoundary";

const parts = {
  notebook: () => import("../notebook/NotebookScreen"),
  run: () => import("../run/RunScreen"),
  episode: () => import("../episode/EpisodeScreen"),
  memory: () => import("../memory/MemoryScreen"),
  compare: () => import("../compare/CompareScreen"),
  targets: () => import("../targets/TargetsScreen"),
  settings: () => import("../settings/SettingsScreen"),
};
const NotebookScreen = lazy(parts.notebook);
const RunScreen = lazy(parts.run);
const EpisodeScreen = lazy(parts.episode);
const MemoryScreen = lazy(parts.memory);
const CompareScreen = lazy(parts.compare);
const TargetsScreen = lazy(parts.targets);
const SettingsScreen = lazy(parts.settings);

/** The open screen. It scrolls by itself and finds its place again after a reload and on the way back. */
export function ScreenView() {
  const { navigation } = useApp();
  const route = useStore(navigation.route);
  const ref = useRef<HTMLElement>(null);
  const place = placeOf(route);
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const release = restore(element, navigation.keptScroll());
    let timer = 0;
    const keep = () => {
      clearTimeout(timer);
      timer = window.setTimeout(() => navigation.keepScroll(element.scrollTop), 150);
    };
    element.addEventListener("scroll", keep, { passive: true });
    return () => {
      clearTimeout(timer);
      release();
      element.removeEventListener("scroll", keep);
    };
  }, [navigation, place]);
  useEffect(() => prefetch(Object.values(parts)), []);
  const before = useRef(route.screen);
  useEffect(() => {
    if (before.current === route.screen || !ref.current) return;
    before.current = route.screen;
    return focusHeading(ref.current);
  }, [route.screen]);
  return (
    <main id="main" className={`screen screen-${route.screen}`} ref={ref} tabIndex={-1} key={route.screen}>
      <ScreenBoundary place={place}>
        <Suspense
          fallback={
            <div className="page">
              <Loading what="the page" />
            </div>
          }
        >
          {screen(route)}
        </Suspense>
      </ScreenBoundary>
    </main>
  );
}

function screen(route: Route) {
  switch (route.screen) {
    case "library":
      return <LibraryScreen route={route} />;
    case "notebook":
      return <NotebookScreen route={route} />;
    case "run":
      return <RunScreen route={route} />;
    case "episode":
      return <EpisodeScreen route={route} />;
    case "memory":
      return <MemoryScreen route={route} />;
    case "compare":
      return <CompareScreen route={route} />;
    case "targets":
      return <TargetsScreen route={route} />;
    case "settings":
      return <SettingsScreen route={route} />;
    default:
      return never(route);
  }
}

/** Routes of one place share a page; filters, cells and steps only change it. */
function placeOf(route: Route): string {
  if (route.screen === "notebook") return `notebook ${route.path}`;
  return "key" in route ? `${route.screen} ${route.key}` : route.screen;
}

/** How long a page may take to grow back to where the reader was, in milliseconds. */
const GROWTH = 5000;

/** Scrolls to where the reader was, again in every frame while the page grows, until it fits or the reader moves. */
function restore(element: HTMLElement, top: number): () => void {
  element.scrollTop = top;
  if (top === 0) return () => undefined;
  const began = performance.now();
  let frame = requestAnimationFrame(function again() {
    element.scrollTop = top;
    const there = Math.abs(element.scrollTop - top) < 2;
    if (there || performance.now() - began > GROWTH) return stop();
    frame = requestAnimationFrame(again);
  });
  const moves = ["wheel", "keydown", "pointerdown"] as const;
  const stop = () => {
    cancelAnimationFrame(frame);
    for (const move of moves) element.removeEventListener(move, stop);
  };
  for (const move of moves) element.addEventListener(move, stop, { passive: true });
  return stop;
}
