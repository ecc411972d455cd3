import type { Job, Notebook, Results } from "../../lib/api.gen";

/** What the outline says of a cell: the verdict of a claim, the state of the run. */
export function cellState(
  notebook: Notebook,
  id: string,
  results: Results | undefined,
  job: Job | undefined,
): string {
  const cell = (notebook.cells ?? []).find((c) => c.id === id);
  if (cell?.kind === "run") return job?.state ?? "";
  if (cell?.kind !== "claim") return "";
  return (results?.verdicts ?? []).find((v) => v.name === cell.name)?.verdict ?? "";
}
