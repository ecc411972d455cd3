import { useEffect } from "react";
import { useApp } from "../../lib/app";
import type { MemoryRoute } from "../../lib/route";
import { Empty } from "../common/Empty";

/** Memory: begun here. */
export default function MemoryScreen({ route }: { route: MemoryRoute }) {
  const app = useApp();
  useEffect(() => app.heading.set({ title: "Memory", saved: 0 }), [app]);
  return (
    <div className="page">
      <Empty text={`Nothing to show at ${route.screen} yet.`} />
    </div>
  );
}
