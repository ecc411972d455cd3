/** How long a screen may take to show its heading, in milliseconds. */
const PATIENCE = 3000;

/**
 * Puts the focus on the main heading once the screen has drawn it, so that a reader of the page hears where it is. A focus that went
 * into the screen meanwhile stays where it is. Returns what ends the waiting.
 */
export function focusHeading(main: HTMLElement): () => void {
  const take = (): boolean => {
    const now = document.activeElement;
    if (now && now !== document.body && main.contains(now) && now !== main) return true;
    const heading = main.querySelector<HTMLElement>("h1");
    if (!heading) return false;
    if (!heading.hasAttribute("tabindex")) heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
    return true;
  };
  if (take()) return () => undefined;
  const watch = new MutationObserver(() => take() && stop());
  const timer = setTimeout(() => stop(), PATIENCE);
  const stop = () => {
    watch.disconnect();
    clearTimeout(timer);
  };
  watch.observe(main, { childList: true, subtree: true });
  return stop;
}
