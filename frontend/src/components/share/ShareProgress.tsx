import { useEffect, useState } from "react";
import { useApp } from "../../lib/app";
import type { ShareJob } from "../../lib/api.gen";
import { percent } from "../../lib/format";
import { bytes, fileAddress } from "../../lib/share";
import { Failure, failure } from "../../lib/transport";
import { Button } from "../common/Button";
import { FailureBox } from "../common/FailureBox";
import { ProgressBar } from "../common/ProgressBar";
import { LeakList } from "./LeakList";

interface Props {
  first: ShareJob;
  onAgain: () => void;
  onWithout: (runs: string[]) => void;
}

/** How often the server is asked how far it is, in milliseconds. */
const ASK = 250;

/** A file that is being written: how far it is, then the file itself or why there is none. */
export function ShareProgress({ first, onAgain, onWithout }: Props) {
  const { transport } = useApp();
  const [job, setJob] = useState(first);
  const [lost, setLost] = useState<Failure>();
  useEffect(() => {
    if (job.state !== "running") return;
    const timer = setTimeout(() => {
      transport.get<ShareJob>(`share/${job.id}`).then(setJob, (e: unknown) => setLost(failure(e)));
    }, ASK);
    return () => clearTimeout(timer);
  }, [job, transport]);
  const stop = () => void transport.post<ShareJob>(`share/${job.id}/stop`).then(setJob, () => undefined);
  if (lost) return <FailureBox failure={lost} what="the file cannot be followed" onRetry={onAgain} />;
  if (job.state === "running") return <Running job={job} onStop={stop} />;
  if ((job.leaks ?? []).length > 0)
    return <LeakList leaks={job.leaks ?? []} onAgain={onAgain} onWithout={onWithout} />;
  if (job.error) {
    const { code, msg, hint, ref } = job.error;
    return (
      <FailureBox
        failure={new Failure(code, msg, hint, ref)}
        what="the file could not be written"
        onRetry={onAgain}
      />
    );
  }
  return (
    <div className="share-done">
      <p role="status">
        <strong>{job.name}</strong> is ready, {bytes(job.bytes)}. No stored secret and no known kind of key
        stands in it.
      </p>
      {(job.left_out ?? []).length > 0 && (
        <details>
          <summary>What is not in it</summary>
          <ul>
            {(job.left_out ?? []).map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </details>
      )}
      <p className="share-go">
        <a className="button button-main" href={fileAddress(job)} download={job.name}>
          Save the file
        </a>
        <Button onClick={onAgain}>Choose again</Button>
      </p>
    </div>
  );
}

function Running({ job, onStop }: { job: ShareJob; onStop: () => void }) {
  const share = job.total > 0 ? job.done / job.total : 0;
  return (
    <div className="share-done">
      <p role="status">Writing and searching for secrets …</p>
      <ProgressBar share={share} label="written" />
      <p className="fine">
        {percent(share)} {job.part && `· ${job.part}`}
      </p>
      <Button onClick={onStop}>Stop</Button>
    </div>
  );
}
