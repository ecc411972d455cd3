import { useEffect } from "react";
import { useApp } from "../../lib/app";
import type { CompareRoute } from "../../lib/route";
import { Empty } from "../common/Empty";

/** Compare: begun here. */
export default function CompareScreen({ route }: { route: CompareRoute }) {
  const app = useApp();
  useEffect(() => app.heading.set({ title: "Compare", saved: 0 }), [app]);
  return (
    <div className="page">
      <Empty text={`Nothing to show at ${route.screen} yet.`} />
    </div>
  );
}
