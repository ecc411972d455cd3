import { useEffect, type RefObject } from "react";

/** Sets the formulas of a text as MathML once it stands on the page. The LaTeX stays readable until then, and where it is wrong. */
export function useMath(host: RefObject<HTMLElement | null>, html: string): void {
  useEffect(() => {
    const raw = [...(host.current?.querySelectorAll<HTMLElement>(".math:not([data-tex])") ?? [])];
    if (raw.length === 0) return;
    let gone = false;
    void import("temml").then(({ default: temml }) => {
      if (gone) return;
      for (const element of raw) typeset(temml, element);
    });
    return () => {
      gone = true;
    };
  }, [host, html]);
}

interface Typesetter {
  render(tex: string, element: HTMLElement, options: Record<string, unknown>): void;
}

function typeset(temml: Typesetter, element: HTMLElement): void {
  const tex = element.textContent ?? "";
  element.dataset["tex"] = tex;
  try {
    temml.render(tex, element, {
      displayMode: element.classList.contains("display"),
      throwOnError: true,
      trust: false,
      maxExpand: 500,
      maxSize: [20, 20],
    });
    // What scrolls by itself must be reachable by keys.
    const wide = [element, element.parentElement].find((e) => e && e.scrollWidth > e.clientWidth);
    if (wide) wide.tabIndex = 0;
  } catch {
    element.textContent = tex;
    element.title = "this formula cannot be read as LaTeX";
  }
}
