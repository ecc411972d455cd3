import { useApp } from "../../lib/app";
import { useStore } from "../../lib/store";
import { Button } from "../common/Button";

/** What just happened, for 10 s, with a way to undo it where there is one. */
export function Notices() {
  const app = useApp();
  const notices = useStore(app.notices);
  return (
    <div className="notices" role="status">
      {notices.map((n) => (
        <div key={n.id} className="notice">
          <span>{n.text}</span>
          {n.action && (
            <Button
              look="quiet"
              onClick={() => {
                n.action?.run();
                app.dismiss(n.id);
              }}
            >
              {n.action.label}
            </Button>
          )}
          <Button look="quiet" icon="close" label="Dismiss" onClick={() => app.dismiss(n.id)} />
        </div>
      ))}
    </div>
  );
}
