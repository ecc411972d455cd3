import { panned, zoomed, type Span } from "./zoom";

export interface GestureParts {
  element: HTMLElement;
  /** The place on the axis at a pixel from the left edge of the element. */
  placeAt: (pixel: number) => number;
  view: () => Span;
  whole: () => Span | undefined;
  /** Shows a view; undefined shows everything. */
  show: (view: Span | undefined) => void;
  /** Draws the range that is being chosen, from one pixel to another; undefined takes it away. */
  mark: (range: [number, number] | undefined) => void;
}

/** Pixels that a press moves before it is a drag. */
const SLACK = 4;

/** Mouse, wheel and touch on a chart: drag moves the view or, while everything shows, chooses a range; the wheel zooms where the chart has the focus or Ctrl is held; two fingers pinch. Returns what ends it. */
export function listen(parts: GestureParts): () => void {
  const { element } = parts;
  const fingers = new Map<number, number>();
  let start: { x: number; view: Span; select: boolean } | undefined;
  let moved = false;

  const at = (event: { clientX: number }) => event.clientX - element.getBoundingClientRect().left;
  const place = (pixel: number) => parts.placeAt(pixel);

  const wheel = (event: WheelEvent) => {
    const whole = parts.whole();
    const meant = event.ctrlKey || event.metaKey || element.contains(document.activeElement);
    if (!whole || !meant) return;
    event.preventDefault();
    const view = parts.view();
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) {
      parts.show(panned(view, whole, (event.deltaX || event.deltaY) / 800));
    } else {
      parts.show(zoomed(view, whole, Math.exp(event.deltaY / 400), place(at(event))));
    }
  };
  const down = (event: PointerEvent) => {
    const whole = parts.whole();
    if (!whole || (event.pointerType === "mouse" && event.button !== 0)) return;
    fingers.set(event.pointerId, at(event));
    const view = parts.view();
    const everything = view.from <= whole.from && view.to >= whole.to;
    start = { x: at(event), view, select: event.shiftKey || (everything && event.pointerType === "mouse") };
    moved = false;
  };
  const move = (event: PointerEvent) => {
    const whole = parts.whole();
    const before = fingers.get(event.pointerId);
    if (!start || !whole || before === undefined) return;
    const now = at(event);
    if (fingers.size === 2) return pinch(event.pointerId, now, whole);
    if (!moved && Math.abs(now - start.x) < SLACK) return;
    if (!moved) element.setPointerCapture(event.pointerId);
    moved = true;
    if (start.select) return parts.mark([start.x, now]);
    const share = (start.x - now) / Math.max(1, element.clientWidth);
    parts.show(panned(start.view, whole, share));
  };
  const pinch = (id: number, now: number, whole: Span) => {
    const other = [...fingers].find(([key]) => key !== id)?.[1] ?? now;
    const before = Math.abs((fingers.get(id) ?? now) - other);
    const after = Math.abs(now - other);
    fingers.set(id, now);
    moved = true;
    if (before < 1 || after < 1) return;
    parts.show(zoomed(parts.view(), whole, before / after, place((now + other) / 2)));
  };
  const up = (event: PointerEvent) => {
    const whole = parts.whole();
    const begun = start;
    fingers.delete(event.pointerId);
    if (fingers.size > 0) return;
    start = undefined;
    if (!begun?.select || !moved || !whole) return;
    parts.mark(undefined);
    const [a, b] = [place(begun.x), place(at(event))].sort((p, q) => p - q) as [number, number];
    if (event.type === "pointerup" && b - a >= 1) parts.show({ from: Math.floor(a), to: Math.ceil(b) + 1 });
  };
  const whole = () => parts.show(undefined);

  element.addEventListener("wheel", wheel, { passive: false });
  element.addEventListener("pointerdown", down);
  element.addEventListener("pointermove", move);
  element.addEventListener("pointerup", up);
  element.addEventListener("pointercancel", up);
  element.addEventListener("dblclick", whole);
  return () => {
    element.removeEventListener("wheel", wheel);
    element.removeEventListener("pointerdown", down);
    element.removeEventListener("pointermove", move);
    element.removeEventListener("pointerup", up);
    element.removeEventListener("pointercancel", up);
    element.removeEventListener("dblclick", whole);
  };
}
