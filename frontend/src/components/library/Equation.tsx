import { useRef } from "react";
import { useMath } from "../../lib/math";

/** An equation of a paper. */
export function Equation({ tex }: { tex: string }) {
  const host = useRef<HTMLParagraphElement>(null);
  useMath(host, tex);
  return (
    <p className="equation" ref={host}>
      <span className="math display" key={tex}>
        {tex}
      </span>
    </p>
  );
}
