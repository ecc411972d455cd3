import { lazy, Suspense } from "react";
import { Button } from "../common/Button";
import { Loading } from "../common/Loading";

/** What a fork begins with: the step, and an entry that it goes on without. */
export interface ForkTarget {
  step: number;
  entry?: string;
  bank?: string;
}

/** The panel is another chunk of the program, read when it is opened. */
const Panel = lazy(async () => ({ default: (await import("../fork/ForkPanel")).ForkPanel }));

interface Props {
  runKey: string;
  episode: number;
  at: number;
  target: ForkTarget;
  onClose: () => void;
}

/** The place of the fork panel, at the step that is open. */
export function ForkPlace({ runKey, episode, at, target, onClose }: Props) {
  const { entry, bank } = target;
  return (
    <section className="fork-place" aria-label="Fork here">
      <Button look="quiet" icon="close" onClick={onClose}>
        Close
      </Button>
      <Suspense fallback={<Loading what="the fork panel" lines={3} />}>
        <Panel
          runKey={runKey}
          episode={episode}
          step={at}
          {...(entry !== undefined ? { entry } : {})}
          {...(bank !== undefined ? { bank } : {})}
        />
      </Suspense>
    </section>
  );
}
