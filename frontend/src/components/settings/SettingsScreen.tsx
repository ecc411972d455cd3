import { useEffect } from "react";
import { useApp } from "../../lib/app";
import type { SettingsRoute } from "../../lib/route";
import { Empty } from "../common/Empty";

/** Settings: begun here. */
export default function SettingsScreen({ route }: { route: SettingsRoute }) {
  const app = useApp();
  useEffect(() => app.heading.set({ title: "Settings", saved: 0 }), [app]);
  return (
    <div className="page">
      <Empty text={`Nothing to show at ${route.screen} yet.`} />
    </div>
  );
}
