import { useEffect, useRef, useState, type RefObject } from "react";

/** Rows that stand in the page at first, and that are added each time the end of the list comes near. */
const STEP = 60;

/** How many of a long list stand in the page: more as the reader comes to the end mark. Starts anew with another list. */
export function useGrowing(
  total: number,
  list: string,
): { shown: number; end: RefObject<HTMLDivElement | null> } {
  const [state, setState] = useState({ list, shown: STEP });
  const end = useRef<HTMLDivElement>(null);
  const shown = state.list === list ? state.shown : STEP;
  useEffect(() => {
    const mark = end.current;
    if (!mark || shown >= total) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((e) => e.isIntersecting)) setState({ list, shown: shown + STEP });
      },
      { root: mark.closest(".screen"), rootMargin: "800px" },
    );
    observer.observe(mark);
    return () => observer.disconnect();
  }, [list, shown, total]);
  return { shown: Math.min(shown, total), end };
}
