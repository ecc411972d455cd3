import type { ReactNode } from "react";

/** What will stand here, and the one button that makes it so. */
export function Empty({ text, children }: { text: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <p>{text}</p>
      {children}
    </div>
  );
}
