import { Dialog } from "@base-ui/react/dialog";
import { useState } from "react";
import { useApp } from "../../lib/app";
import type { ShareJob, ShareOffer, ShareRequest } from "../../lib/api.gen";
import { useResource } from "../../lib/resource";
import { usualDetail } from "../../lib/share";
import { failure, type Failure } from "../../lib/transport";
import { FailureBox } from "../common/FailureBox";
import { Loading } from "../common/Loading";
import { ShareChoices } from "./ShareChoices";
import { ShareProgress } from "./ShareProgress";
import "../../styles/share.css";

interface Props {
  path: string;
  budget: string;
  onClose: () => void;
}

/** Share a notebook: sizes first, then what to share and in which form, then the file. */
export function ShareDialogue({ path, budget, onClose }: Props) {
  const { transport, preferences } = useApp();
  const offer = useResource(`share ${path} ${budget}`, (signal) =>
    transport.get<ShareOffer>("share", { path, budget }, signal),
  );
  const [request, setRequest] = useState<ShareRequest>({
    form: "loci",
    budget,
    seeds: "",
    detail: usualDetail(),
    author: "",
    names: preferences.on("privacy.export-names"),
    without: [],
  });
  const [job, setJob] = useState<ShareJob>();
  const [error, setError] = useState<Failure>();
  const write = (wanted: ShareRequest) => {
    setError(undefined);
    setRequest(wanted);
    transport.post<ShareJob>("share", { path }, wanted).then(setJob, (e: unknown) => setError(failure(e)));
  };
  return (
    <Dialog.Root open onOpenChange={(on) => !on && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="sheet share" data-modal="">
          <div className="sheet-head">
            <Dialog.Title>Share</Dialog.Title>
            <Dialog.Close className="button button-quiet">Close</Dialog.Close>
          </div>
          {!offer.data && !offer.error && (
            <Loading what="how large each part is" lines={4} onCancel={onClose} />
          )}
          {offer.error && (
            <FailureBox
              failure={offer.error}
              what="this notebook cannot be shared yet"
              onRetry={offer.reload}
            />
          )}
          {error && <FailureBox failure={error} what="the file could not be begun" />}
          {offer.data && !job && (
            <ShareChoices
              offer={offer.data}
              request={request}
              onChange={setRequest}
              onWrite={() => write(request)}
            />
          )}
          {job && (
            <ShareProgress
              key={job.id}
              first={job}
              onAgain={() => setJob(undefined)}
              onWithout={(runs) => write({ ...request, without: [...(request.without ?? []), ...runs] })}
            />
          )}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
