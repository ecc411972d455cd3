import { useState } from "react";
import type { Failure } from "../../lib/transport";
import { Button } from "./Button";

interface Props {
  failure: Failure;
  /** What could not be done: "this notebook could not be read". */
  what: string;
  onRetry?: () => void;
}

/** What failed, what to do about it, and the details to copy. */
export function FailureBox({ failure, what, onRetry }: Props) {
  const [copied, setCopied] = useState(false);
  const details = `${what}: ${failure.message} (${failure.code}${failure.ref ? ", " + failure.ref : ""})`;
  const copy = () => void navigator.clipboard?.writeText(details).then(() => setCopied(true));
  return (
    <div className="failure" role="alert">
      <p className="failure-what">
        <span className="mark-shape tone-bad" aria-hidden="true">
          !
        </span>{" "}
        {what}
      </p>
      <p>{failure.message}</p>
      {failure.hint && <p className="hint">{failure.hint}</p>}
      <p className="failure-foot">
        {onRetry && <Button onClick={onRetry}>Try again</Button>}
        <Button look="quiet" icon="copy" onClick={copy}>
          {copied ? "copied" : "copy details"}
        </Button>
        <code>
          {failure.code}
          {failure.ref && ` ${failure.ref}`}
        </code>
      </p>
    </div>
  );
}
