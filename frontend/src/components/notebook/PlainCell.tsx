import type { Cell } from "../../lib/api.gen";
import { Prose } from "../common/Prose";

/** A cell as the file has it. */
export function PlainCell({ cell }: { cell: Cell }) {
  return cell.html ? (
    <Prose html={cell.html} />
  ) : (
    <pre className="plain" tabIndex={0}>
      {cell.source}
    </pre>
  );
}
