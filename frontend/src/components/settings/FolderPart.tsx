import { useApp } from "../../lib/app";
import type { FoldersPage } from "../../lib/api.gen";
import { bytes, count } from "../../lib/format";
import { useResource } from "../../lib/resource";
import { FailureBox } from "../common/FailureBox";
import { Loading } from "../common/Loading";

/** Where the data lie, how much they are, and how they are moved. */
export function FolderPart() {
  const app = useApp();
  const folders = useResource("folders", (signal) => app.transport.get<FoldersPage>("folders", {}, signal));
  const page = folders.data;
  return (
    <section aria-labelledby="group-folders">
      <h2 id="group-folders">Folders</h2>
      <p className="fine">Where the data lie on this computer.</p>
      {folders.error && (
        <FailureBox
          failure={folders.error}
          what="the folders could not be measured"
          onRetry={folders.reload}
        />
      )}
      {!page && !folders.error && <Loading what="the folders" lines={3} />}
      {page && (
        <>
          <dl className="folder-list">
            {(page.folders ?? []).map((f) => (
              <div key={f.name}>
                <dt>{f.name}</dt>
                <dd>
                  <code>{f.path}</code>
                  <span className="fine">
                    {bytes(f.bytes)} in {count(f.files)} files · {f.doc}
                  </span>
                </dd>
              </div>
            ))}
          </dl>
          <p>
            {page.disk_free >= 0 && `${bytes(page.disk_free)} of the disk are free. `}
            {page.move}
          </p>
        </>
      )}
    </section>
  );
}
