import { useMemo, useState } from "react";
import type { Memory, ReportRun } from "../lib/api.gen";
import { useCommands } from "../lib/commands";
import { useStore } from "../lib/store";
import { Button } from "../components/common/Button";
import { block } from "./blocks";
import { EntryLife } from "./EntryLife";
import { commands } from "./keys";
import { MemoryTable } from "./MemoryTable";
import { at, banks, difference, nextEpisode, versions } from "./moments";

interface Props {
  run: ReportRun;
  onOpen: (episode: number, step: number) => void;
}

/** The memory of a run at any moment, with a slider. */
export function MemoryViewer({ run, onOpen }: Props) {
  const memory = useStore(block<Memory[]>(`memory:${run.row.key}`));
  if (memory.state === "reading") return <p className="fine">reading the memory …</p>;
  if (memory.state === "broken") return <p className="failure">The memory cannot be read: {memory.why}</p>;
  return <Moments operations={memory.data} onOpen={onOpen} />;
}

function Moments({ operations, onOpen }: { operations: readonly Memory[]; onOpen: Props["onOpen"] }) {
  const all = useMemo(() => versions(operations), [operations]);
  const names = useMemo(() => banks(operations), [operations]);
  const [bank, setBank] = useState(names[0] ?? "");
  const [moment, setMoment] = useState(operations.length);
  const [pinned, setPinned] = useState(-1);
  const [entry, setEntry] = useState("");
  const now = useMemo(() => at(all, bank, moment), [all, bank, moment]);
  const changes = useMemo(
    () =>
      pinned < 0
        ? undefined
        : difference(at(all, bank, Math.min(pinned, moment)), at(all, bank, Math.max(pinned, moment))),
    [all, bank, pinned, moment],
  );
  const go = (m: number) => setMoment(Math.max(0, Math.min(operations.length, m)));
  const compare = () => setPinned(pinned < 0 ? moment : -1);
  useCommands(commands, [
    {
      id: "op-next",
      title: "next operation",
      group: "Memory",
      keys: ["ArrowRight"],
      run: () => go(moment + 1),
    },
    {
      id: "op-back",
      title: "operation before",
      group: "Memory",
      keys: ["ArrowLeft"],
      run: () => go(moment - 1),
    },
    {
      id: "ep-next",
      title: "memory, next episode",
      group: "Memory",
      keys: ["Shift+ArrowRight"],
      run: () => go(nextEpisode(operations, moment, 1)),
    },
    {
      id: "ep-back",
      title: "memory, episode before",
      group: "Memory",
      keys: ["Shift+ArrowLeft"],
      run: () => go(nextEpisode(operations, moment, -1)),
    },
    { id: "difference", title: "compare with this moment", group: "Memory", keys: ["d"], run: compare },
  ]);
  const last = operations[moment - 1];
  return (
    <section className="report-memory" aria-labelledby="memory">
      <h2 id="memory">Memory</h2>
      <div className="report-slider">
        {names.length > 1 && (
          <label>
            bank{" "}
            <select value={bank} onChange={(e) => setBank(e.target.value)}>
              {names.map((n) => (
                <option key={n}>{n}</option>
              ))}
            </select>
          </label>
        )}
        <label className="report-moment">
          <span className="unseen">moment: operations before it</span>
          <input
            type="range"
            min={0}
            max={operations.length}
            value={moment}
            aria-valuetext={
              last
                ? `after operation ${moment}, episode ${last.episode}, step ${last.t}`
                : "before everything"
            }
            onChange={(e) => go(Number(e.target.value))}
          />
        </label>
        <Button look="quiet" pressed={pinned >= 0} onClick={compare}>
          {pinned < 0 ? "Compare with this moment" : "Stop comparing"}
        </Button>
      </div>
      <p className="report-when">
        {last ? (
          <>
            after operation {moment} of {operations.length}: {last.op} {last.entry ?? ""}, episode{" "}
            {last.episode}, step {last.t}{" "}
            <button type="button" className="link" onClick={() => onOpen(last.episode, last.t)}>
              open the step
            </button>
          </>
        ) : (
          "before the first operation"
        )}
        {changes &&
          ` · what differs between operations ${Math.min(pinned, moment)} and ${Math.max(pinned, moment)}`}
      </p>
      <div className="report-bank">
        <MemoryTable
          now={now}
          changes={changes}
          early={Math.min(pinned, moment)}
          entry={entry}
          onEntry={setEntry}
        />
        {entry !== "" && (
          <EntryLife
            operations={operations}
            bank={bank}
            entry={entry}
            moment={moment}
            onMoment={go}
            onOpen={onOpen}
            onClose={() => setEntry("")}
          />
        )}
      </div>
    </section>
  );
}
