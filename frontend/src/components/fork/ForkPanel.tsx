import { useEffect, useState } from "react";
import type { ForkPlace, ForkView } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { askOf, firstChoice, forksAt, kindsOf, underWay, type ForkChoice } from "../../lib/fork";
import { useResource } from "../../lib/resource";
import { failure, type Failure } from "../../lib/transport";
import { useFork } from "../../lib/use-fork";
import "../../styles/fork.css";
import { FailureBox } from "../common/FailureBox";
import { Loading } from "../common/Loading";
import { ForkForm } from "./ForkForm";
import { ForkList } from "./ForkList";
import { ForkProgress } from "./ForkProgress";
import { ForkResult } from "./ForkResult";

interface Props {
  runKey: string;
  episode: number;
  step: number;
  /** The entry that was pointed at, and its bank. */
  bank?: string;
  entry?: string;
}

/** Goes on from a step in another way: without a memory, with another text, with another action; one look, or paired replays. */
export function ForkPanel({ runKey, episode, step, bank = "", entry = "" }: Props) {
  const { transport } = useApp();
  const place = useResource<ForkPlace>(`fork ${runKey} ${episode} ${step}`, (signal) =>
    transport.get(`run/${runKey}/fork`, { episode, step }, signal),
  );
  const [choice, setChoice] = useState<ForkChoice>();
  const [begun, setBegun] = useState<ForkView>();
  const [refused, setRefused] = useState<Failure>();
  const { fork, lost } = useFork(begun);
  const busy = underWay(fork);
  const data = place.data;

  useEffect(() => {
    setChoice(undefined);
    setBegun(undefined);
    setRefused(undefined);
  }, [runKey, episode, step, bank, entry]);
  const reload = place.reload;
  const state = fork?.state;
  useEffect(() => {
    if (state === "done") reload();
  }, [state, reload]);

  const chosen = choice ?? (data && firstChoice(data, bank, entry));
  const begin = (replays: number) => {
    if (!data || !chosen) return;
    setRefused(undefined);
    transport
      .post<ForkView>(`run/${runKey}/fork`, {}, askOf(data, chosen, episode, step, replays))
      .then(setBegun, (error: unknown) => setRefused(failure(error)));
  };
  const stop = () => {
    if (fork) transport.post<ForkView>(`fork/${fork.key}/stop`).catch((e: unknown) => setRefused(failure(e)));
  };

  return (
    <section className="fork" aria-label={`Fork at episode ${episode}, step ${step}`}>
      {place.error && (
        <FailureBox
          failure={place.error}
          what="what can be changed here could not be read"
          onRetry={reload}
        />
      )}
      {!data && !place.error && <Loading what="what can be changed here" />}
      {data && data.why && <p className="fork-why">{data.why}</p>}
      {data && chosen && kindsOf(data).length > 0 && (
        <ForkForm place={data} choice={chosen} busy={busy} onChoose={setChoice} onBegin={begin} />
      )}
      {refused && <FailureBox failure={refused} what="the fork could not begin; the run is as it was" />}
      {fork && busy && <ForkProgress fork={fork} lost={lost !== undefined} onStop={stop} />}
      {fork && <ForkResult fork={fork} />}
      <ForkList forks={forksAt(data, episode, step).filter((f) => f.key !== fork?.key)} onOpen={setBegun} />
    </section>
  );
}
