import { useRef } from "react";
import { useMath } from "../../lib/math";

interface Props {
  /** Rendered by the server, which vouches for its safety. */
  html: string;
  onOpen?: () => void;
}

/** Rendered text with its formulas. */
export function Prose({ html, onOpen }: Props) {
  const host = useRef<HTMLDivElement>(null);
  useMath(host, html);
  return (
    <div className="prose" ref={host} onDoubleClick={onOpen} dangerouslySetInnerHTML={{ __html: html }} />
  );
}
