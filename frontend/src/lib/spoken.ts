import { useEffect, useRef, useState } from "react";

/** Least time between two announcements of a live region, in milliseconds. */
const QUIET = 10_000;

/** The text as a live region may speak it: at most every 10 s, the newest each time. */
export function useSpoken(text: string): string {
  const [spoken, setSpoken] = useState("");
  const last = useRef(0);
  useEffect(() => {
    const wait = Math.max(0, last.current + QUIET - Date.now());
    const timer = setTimeout(() => {
      last.current = Date.now();
      setSpoken(text);
    }, wait);
    return () => clearTimeout(timer);
  }, [text]);
  return spoken;
}
