import type { ReactNode } from "react";
import { useApp } from "../../lib/app";
import { formatRoute, type Route } from "../../lib/route";

/** A link to a place of the program: a click goes there without a reload, and a new tab opens it as any address. */
export function RouteLink({
  to,
  children,
  className,
}: {
  to: Route;
  children: ReactNode;
  className?: string;
}) {
  const app = useApp();
  return (
    <a
      href={formatRoute(to)}
      className={className}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        app.navigation.go(to);
      }}
    >
      {children}
    </a>
  );
}
