import { Dialog } from "@base-ui/react/dialog";
import { useApp } from "../../lib/app";
import { keyLabel, type Command } from "../../lib/keys";
import { isMac } from "../../lib/platform";
import { settings } from "../../lib/route";
import { useStore } from "../../lib/store";
import { RouteLink } from "../common/RouteLink";

interface Props {
  open: boolean;
  onClose: () => void;
}

/** The keys of the open screen. Every one of them has a button or a line in the palette too. */
export function KeysSheet({ open, onClose }: Props) {
  const app = useApp();
  const commands = useStore(app.commands.all);
  const changed = useStore(app.commands.changed);
  return (
    <Dialog.Root open={open} onOpenChange={(on) => !on && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="sheet" data-modal="">
          <div className="sheet-head">
            <Dialog.Title>Keys</Dialog.Title>
            <Dialog.Close className="button button-quiet">Close</Dialog.Close>
          </div>
          <p className="fine">
            All can be changed: <RouteLinkOut onGo={onClose} />
          </p>
          <LastHint />
          <div className="keys">
            {groups(commands).map(([group, list]) => (
              <section key={group}>
                <h3>{group}</h3>
                <dl>
                  {list.map((c) => (
                    <div key={c.id}>
                      <dt>
                        {c.keys.map((k) => (
                          <kbd key={k}>{keyLabel(k, isMac)}</kbd>
                        ))}
                      </dt>
                      <dd>
                        {c.title}
                        {changed[c.id] && <span className="fine"> (changed)</span>}
                      </dd>
                    </div>
                  ))}
                </dl>
              </section>
            ))}
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** The hint that was put away comes back here. */
function LastHint() {
  const { hint } = useStore(useApp().hints.shown);
  return hint ? <p className="keys-hint">{hint.text}</p> : null;
}

function RouteLinkOut({ onGo }: { onGo: () => void }) {
  return (
    <span onClick={onGo}>
      <RouteLink to={{ ...settings, query: "keys" }}>Settings, Keys</RouteLink>
    </span>
  );
}

function groups(commands: readonly Command[]): [string, Command[]][] {
  const out = new Map<string, Command[]>();
  for (const c of commands) {
    if (c.keys.length > 0) out.set(c.group, [...(out.get(c.group) ?? []), c]);
  }
  return [...out].reverse();
}
