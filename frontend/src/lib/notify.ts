/** Whether this window can show notices of the system at all. */
export const canNotify = typeof Notification !== "undefined";

/** Asks the browser, which asks the person once, whether notices may be shown. */
export async function mayNotify(): Promise<boolean> {
  if (!canNotify) return false;
  if (Notification.permission === "default") return (await Notification.requestPermission()) === "granted";
  return Notification.permission === "granted";
}

/** Shows a notice of the system while nobody looks at the page; on the page the same words stand as a line. */
export function tellSystem(text: string): void {
  if (!canNotify || Notification.permission !== "granted" || document.hasFocus()) return;
  const notice = new Notification("Loci", { body: text, icon: "/favicon.svg", tag: text });
  notice.onclick = () => {
    window.focus();
    notice.close();
  };
}
