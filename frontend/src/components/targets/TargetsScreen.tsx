import { useEffect, useState } from "react";
import type { TargetsPage } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { useCommands } from "../../lib/commands";
import { age, plural } from "../../lib/format";
import { useNow } from "../../lib/now";
import { useResource } from "../../lib/resource";
import { targets as targetsRoute, type TargetsRoute } from "../../lib/route";
import { useTargetTests } from "../../lib/target-tests";
import { Button } from "../common/Button";
import { Empty } from "../common/Empty";
import { FailureBox } from "../common/FailureBox";
import { Loading } from "../common/Loading";
import { ComputerCard } from "./ComputerCard";
import { TargetCard } from "./TargetCard";
import { TargetForm } from "./TargetForm";
import "../../styles/settings.css";
import "../../styles/targets.css";

/** How often what is shown is asked again, in milliseconds. */
const AGAIN = 5000;

/** Where runs and their models may be: this computer, endpoints and training services. */
export default function TargetsScreen({ route }: { route: TargetsRoute }) {
  const app = useApp();
  const read = useResource("targets", (signal) => app.transport.get<TargetsPage>("targets", {}, signal));
  const { reload, put } = read;
  const [editing, setEditing] = useState<string>();
  const [stopping, setStopping] = useState<string>();
  const now = useNow(1000);
  useEffect(() => app.heading.set({ title: "Targets", saved: 0 }), [app]);
  useEffect(() => {
    const timer = setInterval(() => document.hidden || reload(), AGAIN);
    return () => clearInterval(timer);
  }, [reload]);
  const { tests, act } = useTargetTests(app, read.data, reload);
  const test = (name: string) => act(name, "test");
  const page = read.data;
  const rows = page?.targets ?? [];
  const chosen = rows.findIndex((t) => t.name === route.name);
  const choose = (name: string) => {
    app.navigation.change({ ...targetsRoute, name });
    requestAnimationFrame(() => document.getElementById(`target-${name}`)?.focus());
  };
  const move = (by: number) => {
    const next = rows[Math.max(0, Math.min(rows.length - 1, chosen < 0 ? 0 : chosen + by))];
    if (next) choose(next.name);
  };
  useCommands(app.commands, [
    { id: "target-new", title: "New target", group: "Targets", keys: ["n"], run: () => setEditing("") },
    { id: "target-next", title: "Next target", group: "Targets", keys: ["j"], run: () => move(1) },
    { id: "target-previous", title: "Previous target", group: "Targets", keys: ["k"], run: () => move(-1) },
    {
      id: "target-test",
      title: "Test the chosen target",
      group: "Targets",
      keys: ["Enter"],
      run: () => chosen >= 0 && test(route.name),
    },
    {
      id: "target-edit",
      title: "Edit the chosen target",
      group: "Targets",
      keys: ["e"],
      run: () => chosen >= 0 && setEditing(route.name),
    },
    {
      id: "target-stop",
      title: "Stop the chosen service",
      group: "Targets",
      keys: ["s"],
      run: () => rows[chosen]?.started && setStopping(route.name),
    },
  ]);
  const done = (next: TargetsPage, name: string) => {
    put(() => next);
    setEditing(undefined);
    choose(name);
  };
  return (
    <div className="page settings">
      <div className="page-head targets-head">
        <div>
          <h1>Compute targets</h1>
          <p className="lead">
            Runs go on here, or on machines that you set up. Their models may answer or learn elsewhere.
          </p>
        </div>
        <Button icon="targets" onClick={() => setEditing("")}>
          New target
        </Button>
      </div>
      {read.error && (
        <FailureBox
          failure={read.error}
          what={
            page
              ? `the targets could not be read again; what is shown is ${age(page.computer.asked_ms, now) || "just now"} old`
              : "the targets could not be read; runs on this computer do not need them"
          }
          onRetry={reload}
        />
      )}
      {!page && !read.error && <Loading what="the targets" lines={6} />}
      {page && (
        <>
          {editing === "" && <TargetForm page={page} onDone={done} onCancel={() => setEditing(undefined)} />}
          <ComputerCard computer={page.computer} now={now} />
          <h2>{rows.length > 0 ? plural(rows.length, "target") : "Elsewhere"}</h2>
          {rows.length === 0 && editing === undefined && (
            <Empty text="This computer works already. Another computer, a cluster, an endpoint or a training service will stand here once you set one up.">
              <Button look="main" onClick={() => setEditing("")}>
                Set up a target
              </Button>
            </Empty>
          )}
          {rows.map((row) =>
            editing === row.name ? (
              <TargetForm
                key={row.name}
                page={page}
                row={row}
                models={tests[row.name]?.models ?? []}
                onDone={done}
                onCancel={() => setEditing(undefined)}
              />
            ) : (
              <TargetCard
                key={row.name}
                row={row}
                kind={(page.kinds ?? []).find((k) => k.name === row.kind)}
                test={tests[row.name]}
                chosen={row.name === route.name}
                now={now}
                onChoose={() => app.navigation.change({ ...targetsRoute, name: row.name })}
                onTest={() => test(row.name)}
                stopping={stopping === row.name}
                onStopping={(on) => setStopping(on ? row.name : undefined)}
                onStart={() => act(row.name, "start")}
                onStop={(keep) => act(row.name, "stop", { keep })}
                onEdit={() => setEditing(row.name)}
                onRemoved={reload}
              />
            ),
          )}
        </>
      )}
    </div>
  );
}
