import { useId, useState } from "react";
import type { Form, TargetRow, TargetsPage } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { priceWire } from "../../lib/prices";
import { failure, type Failure } from "../../lib/transport";
import { Button } from "../common/Button";
import { BlankField } from "./BlankField";

interface Props {
  page: TargetsPage;
  /** The target to change; none for a new one. */
  row?: TargetRow;
  /** Models that the target's last test found. */
  models?: string[];
  onDone: (page: TargetsPage, name: string) => void;
  onCancel: () => void;
}

/** Sets a target up: its kind, its name, and the blanks of its kind. */
export function TargetForm({ page, row, models = [], onDone, onCancel }: Props) {
  const { transport } = useApp();
  const id = useId();
  const kinds = page.kinds ?? [];
  const [form, setForm] = useState<Form>(
    row
      ? { kind: row.kind, name: row.name, values: row.values }
      : { kind: kinds[0]?.name ?? "", name: "", values: {} },
  );
  const [refused, setRefused] = useState<Failure>();
  const kind = kinds.find((k) => k.name === form.kind);
  const values = form.values ?? {};
  const machines = (page.targets ?? []).filter((t) => t.runs).map((t) => t.name);
  const send = () => {
    const prices = (kind?.fields ?? []).find((f) => f.type === "prices");
    const sent = prices
      ? { ...values, prices: priceWire(values["prices"] ?? "", prices.unit.split(" ")) }
      : values;
    const body = { kind: form.kind, name: form.name.trim(), values: sent, replace: row !== undefined };
    void transport.post<TargetsPage>("target", {}, body).then(
      (next) => onDone(next, body.name),
      (error: unknown) => setRefused(failure(error)),
    );
  };
  return (
    <form
      className="secret-form target-form"
      aria-label={row ? `Edit target ${row.name}` : "New target"}
      onSubmit={(e) => e.preventDefault()}
      onKeyDown={(e) => {
        if (e.key === "Escape") onCancel();
        if (e.key !== "Enter" || !(e.target instanceof HTMLInputElement)) return;
        e.preventDefault();
        send();
      }}
    >
      {!row && (
        <label htmlFor={`${id}-kind`}>
          Kind
          <select
            id={`${id}-kind`}
            value={form.kind}
            autoFocus
            onChange={(e) => setForm({ kind: e.target.value, name: form.name, values: {} })}
          >
            {kinds.map((k) => (
              <option key={k.name} value={k.name}>
                {k.title}
              </option>
            ))}
          </select>
        </label>
      )}
      <p className="fine">{kind?.doc}</p>
      {!row && (kind?.starts ?? []).length > 0 && (
        <p className="target-starts">
          begin from{" "}
          {(kind?.starts ?? []).map((s) => (
            <Button key={s.name} look="quiet" onClick={() => setForm({ ...s, values: { ...s.values } })}>
              {s.name}
            </Button>
          ))}
        </p>
      )}
      <label htmlFor={`${id}-name`}>
        Name
        <input
          id={`${id}-name`}
          type="text"
          value={form.name}
          disabled={row !== undefined}
          placeholder={
            kind?.name === "endpoint" ? "my-model" : kind?.name === "started" ? "gpu" : "my-target"
          }
          onChange={(e) => setForm({ ...form, name: e.target.value })}
        />
      </label>
      {(kind?.fields ?? []).map((field) => (
        <BlankField
          key={field.name}
          blank={field}
          value={values[field.name] ?? ""}
          machines={machines}
          models={models}
          onChange={(value) => setForm({ ...form, values: { ...values, [field.name]: value } })}
        />
      ))}
      <p>
        <b>What leaves this computer:</b> {kind?.sends}
      </p>
      {refused && (
        <p className="setting-refused" role="alert">
          ! {refused.message}; {refused.hint}
        </p>
      )}
      <span className="secret-buttons">
        <Button look="main" onClick={send}>
          {row ? "Keep the changes" : "Add the target"}
        </Button>
        <Button onClick={onCancel}>Cancel</Button>
      </span>
    </form>
  );
}
