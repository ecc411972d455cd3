import type { ReactNode } from "react";
import type { TargetKind, TargetRow } from "../../lib/api.gen";
import { duration, plural } from "../../lib/format";
import { settings } from "../../lib/route";
import { RouteLink } from "../common/RouteLink";

/** What is known of a target, a fact a line. */
export function TargetFacts({ row, kind }: { row: TargetRow; kind: TargetKind | undefined }) {
  const values = row.values ?? {};
  const facts: [string, ReactNode][] = [
    [
      "address",
      <>
        <code>{row.address}</code>{" "}
        {row.address !== "this computer" && (row.here ? "on this computer" : "elsewhere")}
      </>,
    ],
  ];
  if (row.runs) facts.push(["set to", machineSettings(row, kind)]);
  else
    facts.push([
      "model",
      [values["model"], values["model-folder"], values["base-model"], values["embedding"]]
        .filter(Boolean)
        .join(", ") || "as the run says",
    ]);
  if ((kind?.fields ?? []).some((f) => f.type === "secret")) facts.push(["secret", <Secret row={row} />]);
  if (row.runs) {
    if ((row.services ?? []).length > 0) facts.push(["services", (row.services ?? []).join(", ")]);
  } else {
    facts.push(["price", price(row)], ["a run takes", past(row)]);
  }
  facts.push(["leaves here", kind?.sends]);
  return (
    <dl className="facts-list">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Secret({ row }: { row: TargetRow }) {
  const secret = row.values?.["secret"] ?? "";
  if (secret === "") return <>none</>;
  return (
    <RouteLink to={{ ...settings, query: "secrets" }}>
      {secret}
      {row.secret_kept ? "" : " (has no value yet)"}
    </RouteLink>
  );
}

// What the address and the secret say already.
const SAID = new Set(["host", "user", "port", "url", "secret"]);

function machineSettings(row: TargetRow, kind: TargetKind | undefined): string {
  const parts = (kind?.fields ?? [])
    .filter((f) => !SAID.has(f.name) && (row.values?.[f.name] ?? "") !== "")
    .map((f) => `${f.title.toLowerCase()} ${row.values?.[f.name]}`);
  return parts.join(", ") || "what is usual";
}

function price(row: TargetRow): string {
  const cap = row.values?.["dollars"];
  if (!row.price) {
    if (row.here) return "none: it runs on this computer";
    return row.kind === "endpoint" ? "not known; no cap can be counted" : "not known";
  }
  if (row.kind !== "endpoint") return row.price;
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
