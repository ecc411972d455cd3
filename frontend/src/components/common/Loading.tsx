import { useEffect, useState } from "react";
import { Button } from "./Button";

interface Props {
  /** What is being read: "the notebook". */
  what: string;
  /** Rough lines of the page to come. */
  lines?: number;
  onCancel?: () => void;
}

/** A skeleton at once; after 1 s what is being read; after 10 s a way out. */
export function Loading({ what, lines = 4, onCancel }: Props) {
  const seconds = useSeconds();
  const [given, setGiven] = useState(false);
  if (given) {
    return (
      <div className="empty">
        <p>Nobody waits for {what} any more; nothing is lost.</p>
        <Button onClick={() => location.reload()}>Try again</Button>
      </div>
    );
  }
  return (
    <div className="loading" aria-busy="true">
      {Array.from({ length: lines }, (_, i) => (
        <div key={i} className="skeleton" style={{ width: `${92 - ((i * 23) % 41)}%` }} />
      ))}
      <p role="status">{seconds >= 1 ? `reading ${what} …` : ""}</p>
      {seconds >= 10 && <Button onClick={onCancel ?? (() => setGiven(true))}>Cancel</Button>}
    </div>
  );
}

function useSeconds(): number {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const timers = [1, 10].map((s) => setTimeout(() => setSeconds(s), s * 1000));
    return () => timers.forEach(clearTimeout);
  }, []);
  return seconds;
}
