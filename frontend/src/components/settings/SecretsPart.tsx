import { useState } from "react";
import type { SecretRow, SecretsPage } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { age } from "../../lib/format";
import { useResource } from "../../lib/resource";
import { targets } from "../../lib/route";
import { failure } from "../../lib/transport";
import { Button } from "../common/Button";
import { FailureBox } from "../common/FailureBox";
import { Loading } from "../common/Loading";
import { RouteLink } from "../common/RouteLink";
import { SecretForm } from "./SecretForm";

/** Secrets by name: where each is used and kept, when it was last taken, and ways to replace and delete it. A value is never shown. */
export function SecretsPart() {
  const app = useApp();
  const read = useResource("secrets", (signal) => app.transport.get<SecretsPage>("secrets", {}, signal));
  const [open, setOpen] = useState<{ name: string } | undefined>();
  const page = read.data;
  const put = (next: SecretsPage) => read.put(() => next);
  const remove = (row: SecretRow) =>
    void app.transport
      .post<SecretsPage>("secret/remove", {}, { name: row.name })
      .then((next) => {
        put(next);
        app.notice(`secret ${row.name} is forgotten; its value cannot be brought back`);
      })
      .catch((error: unknown) => {
        const { message, hint } = failure(error);
        app.notice(`${message}; ${hint}`);
      });
  return (
    <section aria-labelledby="group-secrets">
      <h2 id="group-secrets">Secrets</h2>
      <p className="fine">
        Keys of endpoints and services, kept by the system key store, else in an encrypted file. A value goes
        in and is never shown again, not even its ends.
      </p>
      {read.error && (
        <FailureBox
          failure={read.error}
          what="the names of secrets could not be read"
          onRetry={read.reload}
        />
      )}
      {!page && !read.error && <Loading what="the names of secrets" lines={2} />}
      {page && (page.secrets ?? []).length === 0 && <p>No secret is kept, and none is needed to begin.</p>}
      {page && (page.secrets ?? []).length > 0 && (
        <ul className="secret-list">
          {(page.secrets ?? []).map((row) => (
            <li key={row.name}>
              <code>{row.name}</code>
              <span className="secret-facts">
                <Users row={row} />
                <span className="fine">
                  kept in the {row.kept} ·{" "}
                  {row.used_ms > 0
                    ? `last used ${age(row.used_ms, Date.now()) || "just now"} ago`
                    : "last use not known"}
                </span>
              </span>
              <span className="keys-buttons">
                <Button
                  look="quiet"
                  label={`Replace ${row.name}`}
                  onClick={() => setOpen({ name: row.name })}
                >
                  Replace
                </Button>
                <Button look="quiet" label={`Delete ${row.name}`} onClick={() => remove(row)}>
                  Delete
                </Button>
              </span>
            </li>
          ))}
        </ul>
      )}
      {(page?.missing ?? []).map((row) => (
        <p key={row.name} className="settings-aside">
          ~ {(row.targets ?? []).join(", ")} wants the secret <code>{row.name}</code>, which has no value yet{" "}
          <Button onClick={() => setOpen({ name: row.name })}>Set it</Button>
        </p>
      ))}
      {page && !open && <Button onClick={() => setOpen({ name: "" })}>New secret</Button>}
      {page && open && (
        <SecretForm
          key={open.name}
          name={open.name}
          file={page.file}
          onDone={(next) => {
            put(next);
            setOpen(undefined);
          }}
          onCancel={() => setOpen(undefined)}
        />
      )}
      {page?.file === "locked" && !open && (
        <p className="fine">
          The encrypted file is locked. It is opened with its passphrase when a secret is set here, or with
          LOCI_PASSPHRASE set at the start.
        </p>
      )}
    </section>
  );
}

function Users({ row }: { row: SecretRow }) {
  const users = row.targets ?? [];
  if (users.length === 0) return <span>used by no target</span>;
  return (
    <span>
      used by{" "}
      {users.map((name, i) => (
        <span key={name}>
          {i > 0 && ", "}
          <RouteLink to={{ ...targets, name }}>{name}</RouteLink>
        </span>
      ))}
    </span>
  );
}
