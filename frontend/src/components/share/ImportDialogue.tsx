import { Dialog } from "@base-ui/react/dialog";
import { useState } from "react";
import { useApp } from "../../lib/app";
import type { ImportDone, ImportOffer } from "../../lib/api.gen";
import { plural } from "../../lib/format";
import { useResource } from "../../lib/resource";
import { notebookRoute } from "../../lib/route";
import { sendFile } from "../../lib/share";
import { failure, type Failure } from "../../lib/transport";
import { Button } from "../common/Button";
import { FailureBox } from "../common/FailureBox";
import { Loading } from "../common/Loading";
import { ImportPreview } from "./ImportPreview";
import "../../styles/share.css";

/** A shared file before anything of it is kept: what is in it, and what it would need to run. */
export function ImportDialogue({ file, onClose }: { file: File; onClose: () => void }) {
  const app = useApp();
  const offer = useResource<ImportOffer>(`${file.name} ${file.size} ${file.lastModified}`, (signal) =>
    sendFile(file, signal),
  );
  const [error, setError] = useState<Failure>();
  const [busy, setBusy] = useState(false);
  const id = offer.data?.id ?? "";
  const close = () => {
    if (id && !busy) void app.transport.post(`import/${id}/forget`).catch(() => undefined);
    onClose();
  };
  const keep = () => {
    setBusy(true);
    app.transport.post<ImportDone>(`import/${id}/keep`).then(
      (done) => {
        onClose();
        app.notice(told(done));
        app.navigation.go(notebookRoute(done.path, offer.data?.budget));
      },
      (e: unknown) => {
        setBusy(false);
        setError(failure(e));
      },
    );
  };
  return (
    <Dialog.Root open onOpenChange={(on) => !on && close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="sheet share" data-modal="">
          <div className="sheet-head">
            <Dialog.Title>{file.name}</Dialog.Title>
            <Dialog.Close className="button button-quiet">Close</Dialog.Close>
          </div>
          {!offer.data && !offer.error && (
            <Loading what="every part of the file" lines={4} onCancel={close} />
          )}
          {offer.error && <FailureBox failure={offer.error} what="this file was not opened" />}
          {error && <FailureBox failure={error} what="the file could not be kept" onRetry={keep} />}
          {offer.data && (
            <>
              <ImportPreview offer={offer.data} />
              <p className="share-go">
                <Button look="main" disabled={busy} onClick={keep}>
                  {busy ? "Keeping it …" : "Keep it and open"}
                </Button>
                <Button disabled={busy} onClick={close}>
                  Leave it
                </Button>
              </p>
            </>
          )}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function told(done: ImportDone): string {
  const { added, same, conflicts } = done.kept;
  const parts = [`Opened for reading. Nothing was run. ${plural((added ?? []).length, "run")} added`];
  if ((same ?? []).length > 0) parts.push(`${(same ?? []).length} were here already`);
  if ((conflicts ?? []).length > 0)
    parts.push(
      `${(conflicts ?? []).length} are here with other results, and yours were kept: ${(conflicts ?? []).join(", ")}`,
    );
  return parts.join("; ");
}
