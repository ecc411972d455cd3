import type { TargetKind, TargetRow, TargetsPage, TargetTest } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { age } from "../../lib/format";
import { failure } from "../../lib/transport";
import { Button } from "../common/Button";
import { ModelList } from "./ModelList";
import { ServicePanel } from "./ServicePanel";
import { TargetFacts } from "./TargetFacts";
import { TestSteps } from "./TestSteps";
import { WorkList } from "./WorkList";

interface Props {
  row: TargetRow;
  kind: TargetKind | undefined;
  test: TargetTest | undefined;
  chosen: boolean;
  now: number;
  onChoose: () => void;
  onTest: () => void;
  stopping: boolean;
  onStopping: (on: boolean) => void;
  onStart: () => void;
  onStop: (keep: boolean) => void;
  onEdit: () => void;
  onRemoved: () => void;
}

/** One target: how it is, what it costs, what a run sends there, and what runs there. */
export function TargetCard(props: Props) {
  const { row, kind, test, chosen, now, onChoose, onTest, onEdit, onRemoved } = props;
  const app = useApp();
  const busy = test?.running === true;
  const columns = (kind?.fields ?? []).find((f) => f.type === "prices")?.unit.split(" ");
  const remove = () =>
    void app.transport
      .post<TargetRow>(`target/${encodeURIComponent(row.name)}/remove`)
      .then((was) => {
        onRemoved();
        app.notice(`target ${row.name} is removed; its secret stays`, {
          label: "Undo",
          run: () =>
            void app.transport
              .post<TargetsPage>(
                "target",
                {},
                { kind: was.kind, name: was.name, values: was.values, replace: false },
              )
              .then(onRemoved),
        });
      })
      .catch((error: unknown) => {
        const { message, hint } = failure(error);
        app.notice(`${message}; ${hint}`);
      });
  return (
    <section
      id={`target-${row.name}`}
      className={`target${chosen ? " target-chosen" : ""}`}
      aria-label={`Target ${row.name}`}
      aria-current={chosen || undefined}
      tabIndex={-1}
      onFocus={() => chosen || onChoose()}
    >
      <div className="target-head">
        <h3>{row.name}</h3>
        <span className="tag">{kind?.title ?? row.kind}</span>
        <State test={test} now={now} />
        <span className="grow" />
        <Button disabled={busy || (row.kind === "started" && !row.started)} onClick={onTest}>
          Test
        </Button>
        <Button look="quiet" onClick={onEdit}>
          Edit
        </Button>
        <Button look="quiet" onClick={remove}>
          Remove
        </Button>
      </div>
      <TargetFacts row={row} kind={kind} />
      {row.kind === "started" && (
        <ServicePanel
          row={row}
          busy={busy}
          stopping={props.stopping}
          onStopping={props.onStopping}
          onStart={props.onStart}
          onStop={props.onStop}
        />
      )}
      {test && <TestSteps test={test} />}
      {columns && <ModelList row={row} models={test?.models ?? []} columns={columns} />}
      <WorkList work={row.work} />
    </section>
  );
}

const DOING: Record<string, [going: string, well: string]> = {
  test: ["being tested", "answered"],
  start: ["being started", "started"],
  stop: ["being stopped", "stopped"],
};

function State({ test, now }: { test: TargetTest | undefined; now: number }) {
  const [going, well] = DOING[test?.doing ?? ""] ?? ["being tested", "answered"];
  const when = test ? age(test.at_ms, now) || "just now" : "";
  const [mark, word, tone] = !test
    ? ["○", "not tested since the start", "quiet"]
    : test.running
      ? ["▸", going, "live"]
      : test.ok
        ? ["✓", `${well} ${when}`, "good"]
        : ["!", `failed ${when}`, "bad"];
  return (
    <span className={`mark tone-${tone}`}>
      <span className="mark-shape" aria-hidden="true">
        {mark}
      </span>
      {word}
    </span>
  );
}
