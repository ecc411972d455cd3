import { useEffect } from "react";
import { useApp } from "../../lib/app";
import type { TargetsRoute } from "../../lib/route";
import { Empty } from "../common/Empty";

/** Targets: begun here. */
export default function TargetsScreen({ route }: { route: TargetsRoute }) {
  const app = useApp();
  useEffect(() => app.heading.set({ title: "Targets", saved: 0 }), [app]);
  return (
    <div className="page">
      <Empty text={`Nothing to show at ${route.screen} yet.`} />
    </div>
  );
}
