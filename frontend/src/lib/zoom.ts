/** A part of an x axis: from <= x < to, whole numbers. */
export interface Span {
  from: number;
  to: number;
}

/** No view is narrower: places on the axis are whole numbers. */
const LEAST = 2;

function width(span: Span): number {
  return span.to - span.from;
}

/** The view within the whole, its width kept where that is possible. */
export function within(view: Span, whole: Span): Span {
  const wide = Math.min(Math.max(LEAST, Math.round(width(view))), Math.max(LEAST, width(whole)));
  const from = Math.max(whole.from, Math.min(Math.round(view.from), whole.to - wide));
  return { from, to: from + wide };
}

/** Makes the view narrower (factor below 1) or wider round a place that stays where it is on the screen. */
export function zoomed(view: Span, whole: Span, factor: number, centre = (view.from + view.to) / 2): Span {
  const wide = Math.max(LEAST, width(view) * factor);
  const share = width(view) > 0 ? (centre - view.from) / width(view) : 0.5;
  const from = centre - share * wide;
  return within({ from, to: from + wide }, whole);
}

/** Moves the view by a share of its width. */
export function panned(view: Span, whole: Span, share: number): Span {
  const by = width(view) * share;
  return within({ from: view.from + by, to: view.to + by }, whole);
}

/** Whether the view shows everything. */
export function isWhole(view: Span, whole: Span): boolean {
  return view.from <= whole.from && view.to >= whole.to;
}

/** What a key does to the view; undefined for keys that do nothing, "whole" to show everything. */
export function byKey(key: string, view: Span, whole: Span): Span | "whole" | undefined {
  switch (key) {
    case "+":
    case "=":
    case "ArrowUp":
      return zoomed(view, whole, 0.5);
    case "-":
    case "_":
    case "ArrowDown":
      return zoomed(view, whole, 2);
    case "ArrowLeft":
      return panned(view, whole, -0.25);
    case "ArrowRight":
      return panned(view, whole, 0.25);
    case "0":
    case "Home":
      return "whole";
    default:
      return undefined;
  }
}
