import { useApp } from "../../lib/app";
import { useCommands } from "../../lib/commands";
import { useStore } from "../../lib/store";
import { Button } from "../common/Button";

/** The hint of the moment, one line under the top line. Escape puts it away; the list of keys brings it back. */
export function HintLine() {
  const app = useApp();
  const { hint, open } = useStore(app.hints.shown);
  const route = useStore(app.navigation.route);
  // Advice belongs to its lesson; an answer goes with the reader.
  const here = hint?.answer === true || (route.screen === "notebook" && route.lesson !== "");
  const shown = open && here && hint !== undefined;
  useCommands(
    app.commands,
    shown
      ? [
          {
            id: "hint-away",
            title: "Put the hint away",
            group: "Everywhere",
            keys: ["Escape"],
            keyOnly: true,
            run: () => app.hints.hide(),
          },
        ]
      : hint && here
        ? [
            {
              id: "hint-again",
              title: "Show the hint again",
              group: "Everywhere",
              keys: [],
              run: () => app.hints.again(),
            },
          ]
        : [],
  );
  if (!shown) return <div className="hint-line" hidden />;
  const { back } = hint;
  return (
    <div className={`hint-line${hint.answer ? " hint-answer" : ""}`} role="status" aria-label="Hint">
      <p>{hint.answer ? <mark>{hint.text}</mark> : hint.text}</p>
      {back && (
        <Button look="quiet" icon="back" onClick={() => app.navigation.go(back.route)}>
          {back.label}
        </Button>
      )}
      <Button look="quiet" icon="close" label="Put the hint away (Esc)" onClick={() => app.hints.hide()} />
    </div>
  );
}
