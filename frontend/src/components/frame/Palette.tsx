import { Dialog } from "@base-ui/react/dialog";
import { useEffect, useId, useRef, useState } from "react";
import { useApp } from "../../lib/app";
import type { Found, Library } from "../../lib/api.gen";
import { keyLabel } from "../../lib/keys";
import { rank, type Entry } from "../../lib/palette";
import { isMac } from "../../lib/platform";
import { useResource } from "../../lib/resource";
import { useStore } from "../../lib/store";
import { paletteEntries } from "./palette-entries";

interface Props {
  open: boolean;
  onClose: () => void;
}

const SHOWN = 12;

/** How long typing rests before the server is asked, in milliseconds. */
const REST = 120;

/** Screens, notebooks, runs, entries of the open run's memory and commands by name. */
export function Palette({ open, onClose }: Props) {
  return (
    <Dialog.Root open={open} onOpenChange={(on) => !on && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="palette" data-modal="" aria-label="Search and commands">
          <Search onClose={onClose} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Search({ onClose }: { onClose: () => void }) {
  const app = useApp();
  const commands = useStore(app.commands.all);
  const jobs = useStore(app.jobs);
  const papers = useResource("library", (signal) => app.transport.get<Library>("library", {}, signal));
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();
  const list = useRef<HTMLUListElement>(null);
  const asked = useCalm(query.trim());
  const run = useStore(app.lastRun);
  const runs = useResource(asked && `find ${asked}`, (signal) =>
    app.transport.get<Found>("find", { q: asked, run }, signal),
  );
  const memory = asked ? runs.data?.memory : undefined;
  const remembered = memory ? { run, query: asked, page: memory } : undefined;
  const all = paletteEntries(app, commands, papers.data, jobs, (asked && runs.data?.runs) || [], remembered);
  const entries = rank(all, query).slice(0, SHOWN);
  const chosen = Math.min(at, Math.max(0, entries.length - 1));
  useEffect(() => {
    list.current?.children[chosen]?.scrollIntoView({ block: "nearest" });
  }, [chosen]);

  const take = (entry: Entry | undefined) => {
    if (!entry) return;
    onClose();
    // After the dialogue has given the focus back, so that the command may move it.
    setTimeout(entry.run, 0);
  };
  const move = (by: number) => setAt((chosen + by + entries.length) % Math.max(1, entries.length));
  return (
    <>
      <input
        className="palette-input"
        role="combobox"
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={entries.length > 0 ? `${id}-${chosen}` : undefined}
        aria-label="Search screens, notebooks, runs and commands"
        placeholder="Search screens, notebooks, runs, memory, commands"
        autoFocus
        value={query}
        onChange={(e) => {
          setQuery(e.target.value);
          setAt(0);
        }}
        onKeyDown={(e) => {
          if (e.key === "ArrowDown") move(1);
          else if (e.key === "ArrowUp") move(-1);
          else if (e.key === "Enter") take(entries[chosen]);
          else return;
          e.preventDefault();
        }}
      />
      <ul id={id} role="listbox" aria-label="Found" className="palette-list" ref={list}>
        {entries.map((e, i) => (
          <li
            key={e.id}
            id={`${id}-${i}`}
            role="option"
            aria-selected={i === chosen}
            onPointerMove={() => setAt(i)}
            onClick={() => take(e)}
          >
            <span className="palette-group">{e.group}</span>
            <span className="palette-title">{e.title}</span>
            {e.keys.slice(0, 1).map((k) => (
              <kbd key={k}>{keyLabel(k, isMac)}</kbd>
            ))}
          </li>
        ))}
      </ul>
      {entries.length === 0 && <p className="palette-none">Nothing is called “{query}”.</p>}
    </>
  );
}

/** The text once it has rested for a moment. */
function useCalm(text: string): string {
  const [calm, setCalm] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setCalm(text), REST);
    return () => clearTimeout(timer);
  }, [text]);
  return calm;
}
