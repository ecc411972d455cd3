import type { KeyboardEvent } from "react";

/** Escape leaves a search field and keeps its text, where a browser would empty it. */
export function leaveOnEscape(event: KeyboardEvent<HTMLInputElement>): void {
  if (event.key !== "Escape") return;
  event.preventDefault();
  event.currentTarget.blur();
}
