import { useCallback, type RefObject } from "react";

/** Moves the focus through the matching elements of a container; from outside it starts at the first. */
export function useFocusWalk(
  container: RefObject<HTMLElement | null>,
  selector: string,
): (by: number) => void {
  return useCallback(
    (by) => {
      const all = [...(container.current?.querySelectorAll<HTMLElement>(selector) ?? [])];
      const at = all.findIndex((e) => e === document.activeElement);
      const next = all[at < 0 ? 0 : Math.max(0, Math.min(all.length - 1, at + by))];
      next?.focus();
      next?.scrollIntoView({ block: "nearest" });
    },
    [container, selector],
  );
}
