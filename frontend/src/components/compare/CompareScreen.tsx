import { useEffect } from "react";
import { useApp } from "../../lib/app";
import type { CompareRoute } from "../../lib/route";
import "../../styles/compare.css";
import { ComparePage } from "./ComparePage";
import { RunsPage } from "./RunsPage";

/** Compare: runs to mark, or the marked arms side by side. */
export default function CompareScreen({ route }: { route: CompareRoute }) {
  const app = useApp();
  const list = route.view === "list" || route.arms.length === 0;
  useEffect(() => app.heading.set({ title: list ? "Runs to compare" : "Compare", saved: 0 }), [app, list]);
  return list ? <RunsPage route={route} /> : <ComparePage route={route} />;
}
