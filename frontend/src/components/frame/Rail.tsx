import { useApp } from "../../lib/app";
import { formatRoute } from "../../lib/route";
import { useStore } from "../../lib/store";
import { Icon } from "../common/Icon";
import { SCREENS } from "./screens";

/** The screens at the left; at the foot of a narrow page. */
export function Rail() {
  const app = useApp();
  const route = useStore(app.navigation.route);
  useStore(app.lastNotebook);
  useStore(app.lastRun);
  return (
    <nav className="rail" aria-label="Screens">
      <span className="rail-logo" aria-hidden="true">
        <img src="/favicon.svg" alt="" width="28" height="28" />
      </span>
      {SCREENS.map((s) => (
        <a
          key={s.screen}
          className="rail-item"
          href={formatRoute(s.open(app))}
          aria-current={route.screen === s.screen ? "page" : undefined}
          title={`${s.name} (g ${s.letter})`}
          onClick={(event) => {
            if (event.metaKey || event.ctrlKey) return;
            event.preventDefault();
            app.navigation.go(s.open(app));
          }}
        >
          <Icon name={s.icon} size={20} />
          <span className="rail-name">{s.name}</span>
        </a>
      ))}
    </nav>
  );
}
