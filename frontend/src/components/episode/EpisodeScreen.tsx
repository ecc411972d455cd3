import { useEffect } from "react";
import { useApp } from "../../lib/app";
import type { EpisodeRoute } from "../../lib/route";
import { Empty } from "../common/Empty";

/** Episode: begun here. */
export default function EpisodeScreen({ route }: { route: EpisodeRoute }) {
  const app = useApp();
  useEffect(() => app.heading.set({ title: "Episode", saved: 0 }), [app]);
  return (
    <div className="page">
      <Empty text={`Nothing to show at ${route.screen} yet.`} />
    </div>
  );
}
