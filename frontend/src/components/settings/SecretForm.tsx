import { useId, useRef, useState } from "react";
import type { SecretsPage } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { failure, type Failure } from "../../lib/transport";
import { Button } from "../common/Button";

interface Props {
  /** "" for a new one. */
  name: string;
  /** State of the encrypted file: none, locked, open. */
  file: string;
  onDone: (page: SecretsPage) => void;
  onCancel: () => void;
}

/** Takes a value, and a passphrase where the encrypted file wants one. Nothing of it is kept on the page. */
export function SecretForm({ name, file, onDone, onCancel }: Props) {
  const { transport } = useApp();
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  const [refused, setRefused] = useState<Failure>();
  const wantsPass = refused?.code === "unavailable" && file !== "open";
  const send = () => {
    const given = new FormData(form.current ?? undefined);
    const text = (field: string) => String(given.get(field) ?? "");
    const body = { name: name || text("name"), value: text("value"), passphrase: text("passphrase") };
    void transport
      .post<SecretsPage>("secret/set", {}, body)
      .then(onDone, (e: unknown) => setRefused(failure(e)));
  };
  return (
    <form
      ref={form}
      className="secret-form"
      autoComplete="off"
      onSubmit={(e) => e.preventDefault()}
      onKeyDown={(e) => {
        if (e.key === "Escape") onCancel();
        if (e.key !== "Enter" || !(e.target instanceof HTMLInputElement)) return;
        e.preventDefault();
        send();
      }}
    >
      {name === "" && (
        <label htmlFor={`${id}-name`}>
          Name
          <input id={`${id}-name`} name="name" type="text" placeholder="my-service" autoFocus />
        </label>
      )}
      <label htmlFor={`${id}-value`}>
        Value {name && `of ${name}`}
        <input
          id={`${id}-value`}
          name="value"
          type="password"
          autoComplete="new-password"
          autoFocus={name !== ""}
        />
      </label>
      {(wantsPass || file === "locked") && (
        <label htmlFor={`${id}-pass`}>
          {file === "none"
            ? "New passphrase of the encrypted file"
            : "Passphrase of the encrypted file, if it is asked for"}
          <input id={`${id}-pass`} name="passphrase" type="password" autoComplete="new-password" />
        </label>
      )}
      {refused && (
        <p className="setting-refused" role="alert">
          ! {refused.message}; {refused.hint}
        </p>
      )}
      <span className="secret-buttons">
        <Button look="main" onClick={send}>
          Keep
        </Button>
        <Button onClick={onCancel}>Cancel</Button>
      </span>
    </form>
  );
}
