import { MemoryChart } from "./MemoryChart";

interface Props {
  run: string;
  bank: string;
  at: number;
  entry: string;
  main: string;
}

/** Growth of the bank, what kinds of entries are read, and the course of a number. */
export function MemoryCharts({ run, bank, at, entry, main }: Props) {
  const path = `run/${run}/memory/chart`;
  return (
    <div className="memory-charts">
      <MemoryChart title="size of the bank" path={path} query={{ of: "size", bank, at }} version={0} />
      <MemoryChart title="reads by type" path={path} query={{ of: "reads", bank, at }} version={0} />
      {main !== "" && (
        <MemoryChart
          title={entry === "" ? `${main} over the bank` : `${main} of entry ${entry}`}
          path={path}
          query={{ of: "number", bank, at, number: main, entry }}
          version={0}
        />
      )}
    </div>
  );
}
