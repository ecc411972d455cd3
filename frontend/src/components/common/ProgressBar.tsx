import { percent } from "../../lib/format";

interface Props {
  share: number;
  /** Share that failed, drawn hatched at the end of what is done. */
  failed?: number;
  label: string;
  thin?: boolean;
}

/** How far something is. */
export function ProgressBar({ share, failed = 0, label, thin = false }: Props) {
  const width = `${Math.max(0, Math.min(1, share)) * 100}%`;
  return (
    <div
      className={`progress${thin ? " progress-thin" : ""}`}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(share * 100)}
      aria-valuetext={percent(share)}
    >
      <div className="progress-done" style={{ width }} />
      {failed > 0 && <div className="progress-failed" style={{ width: `${failed * 100}%` }} />}
    </div>
  );
}
