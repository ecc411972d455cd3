import type { TargetKind, TargetRow, TargetsPage, TargetTest } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { age, duration, plural } from "../../lib/format";
import { settings } from "../../lib/route";
import { failure } from "../../lib/transport";
import { Button } from "../common/Button";
import { RouteLink } from "../common/RouteLink";
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
  onEdit: () => void;
  onRemoved: () => void;
}

/** One target: how it is, what it costs, what a run sends there, and what runs there. */
export function TargetCard({ row, kind, test, chosen, now, onChoose, onTest, onEdit, onRemoved }: Props) {
  const app = useApp();
  const values = row.values ?? {};
  const secret = values["secret"] ?? "";
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
        <Button disabled={test?.running === true} onClick={onTest}>
          Test
        </Button>
        <Button look="quiet" onClick={onEdit}>
          Edit
        </Button>
        <Button look="quiet" onClick={remove}>
          Remove
        </Button>
      </div>
      <dl className="facts-list">
        <div>
          <dt>address</dt>
          <dd>
            <code>{values["url"]}</code> {row.here ? "on this computer" : "elsewhere"}
          </dd>
        </div>
        <div>
          <dt>model</dt>
          <dd>
            {[values["model"], values["base-model"], values["embedding"]].filter(Boolean).join(", ") ||
              "as the run says"}
          </dd>
        </div>
        <div>
          <dt>secret</dt>
          <dd>
            {secret === "" && "none"}
            {secret !== "" && (
              <RouteLink to={{ ...settings, query: "secrets" }}>
                {secret}
                {row.secret_kept ? "" : " (has no value yet)"}
              </RouteLink>
            )}
          </dd>
        </div>
        <div>
          <dt>price</dt>
          <dd>{price(row)}</dd>
        </div>
        <div>
          <dt>a run takes</dt>
          <dd>{past(row)}</dd>
        </div>
        <div>
          <dt>leaves here</dt>
          <dd>{kind?.sends}</dd>
        </div>
      </dl>
      {test && <TestSteps test={test} />}
      <WorkList work={row.work} />
    </section>
  );
}

function State({ test, now }: { test: TargetTest | undefined; now: number }) {
  const [mark, word, tone] = !test
    ? ["○", "not tested since the start", "quiet"]
    : test.running
      ? ["▸", "being tested", "live"]
      : test.ok
        ? ["✓", `answered ${age(test.at_ms, now) || "just now"}`, "good"]
        : ["!", `failed ${age(test.at_ms, now) || "just now"}`, "bad"];
  return (
    <span className={`mark tone-${tone}`}>
      <span className="mark-shape" aria-hidden="true">
        {mark}
      </span>
      {word}
    </span>
  );
}

function price(row: TargetRow): string {
  const cap = row.values?.["dollars"];
  if (!row.price) return row.here ? "none: it runs on this computer" : "not known; no cap can be counted";
  return row.price + (cap ? `; at most ${cap} dollars a run` : "; no cap of its own");
}

function past(row: TargetRow): string {
  const p = row.past;
  if (p.runs === 0) return "not known yet: no run has used it here";
  const time = range(duration(p.seconds_lo), duration(p.seconds_hi));
  const money =
    p.dollars_hi > 0 ? ` and ${range(p.dollars_lo.toFixed(2), p.dollars_hi.toFixed(2))} dollars` : "";
  return `${time}${money}, from the last ${plural(p.runs, "run")}`;
}

function range(lo: string, hi: string): string {
  return lo === hi ? lo : `${lo} to ${hi}`;
}
