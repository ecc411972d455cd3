import type { BinPage, RunRow } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { useCommands } from "../../lib/commands";
import { named, plural } from "../../lib/format";
import { runRoute } from "../../lib/route";
import { failure } from "../../lib/transport";
import { Button } from "../common/Button";

/** Puts a run that is over into the bin, with a way back for 10 s here and for weeks under Settings. */
export function DeleteRun({ row }: { row: RunRow }) {
  const app = useApp();
  const name = named(row.arm, row.case, `seed ${row.seed}`);
  const complain = (error: unknown) => {
    const { message, hint } = failure(error);
    app.notice(hint ? `${message}; ${hint}` : message);
  };
  const restore = () =>
    void app.transport
      .post<BinPage>(`run/${row.key}/restore`)
      .then(() => app.navigation.go(runRoute(row.key)))
      .catch(complain);
  const remove = () =>
    void app.transport
      .post<BinPage>(`run/${row.key}/delete`)
      .then((bin) => {
        if (app.lastRun.get() === row.key) app.lastRun.set("");
        app.navigation.go(runRoute(""));
        app.notice(`${name} is in the bin for ${plural(bin.days, "day")}`, { label: "Undo", run: restore });
      })
      .catch(complain);
  useCommands(app.commands, [
    { id: "run-delete", title: `Delete this run (${name})`, group: "Run", keys: [], run: remove },
  ]);
  return (
    <Button look="quiet" title="Put this run into the bin" onClick={remove}>
      Delete
    </Button>
  );
}
