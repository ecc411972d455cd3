import { useMemo } from "react";
import { useApp } from "../../lib/app";
import type { RunDetail } from "../../lib/api.gen";
import { useCommands } from "../../lib/commands";
import { duration, plural } from "../../lib/format";
import type { RunRoute } from "../../lib/route";
import { useEpisode, type RunData } from "../../lib/run-data";
import { interesting, nextOf } from "../../lib/steps";
import { firstEpisodeIn } from "../../lib/run-actions";
import { Empty } from "../common/Empty";
import { FailureBox } from "../common/FailureBox";
import { EpisodeChooser } from "./EpisodeChooser";
import { EpisodeLinks } from "./EpisodeLinks";
import { FilmStrip } from "./FilmStrip";
import { StepPanel } from "./StepPanel";

interface Props {
  run: RunData;
  detail: RunDetail;
  route: RunRoute;
}

/** The newest episode whose steps were kept, or the one of the address, as a film strip that one steps through. */
export function EpisodePanel({ run, detail, route }: Props) {
  const app = useApp();
  const list = run.episodes.data?.episodes ?? [];
  const newest = list.find((e) => e.detail)?.id ?? -1;
  const id = route.episode >= 0 ? route.episode : newest;
  const episode = useEpisode(detail.row.key, id, route.step);
  const steps = episode.data?.steps ?? [];
  const total = episode.data?.total ?? 0;
  const first = steps[0]?.t ?? 0;
  const at = Math.max(0, Math.min(total - 1, route.step < 0 ? first : route.step));
  const events = useMemo(() => (episode.data ? interesting(episode.data) : []), [episode.data]);

  const go = (part: Partial<RunRoute>) => app.navigation.change({ ...route, ...part });
  // Stepping pins the episode: the picture must not run away from the reader.
  const step = (t: number) => go({ episode: id, step: Math.max(0, Math.min(total - 1, t)) });
  const jump = (by: 1 | -1) => step(nextOf(events, at, by) ?? (by > 0 ? first + steps.length : first - 1));
  useCommands(app.commands, [
    {
      id: "step-next",
      title: "Next step",
      group: "Episode",
      keys: ["j", "ArrowRight"],
      keyOnly: true,
      run: () => step(at + 1),
    },
    {
      id: "step-back",
      title: "Previous step",
      group: "Episode",
      keys: ["k", "ArrowLeft"],
      keyOnly: true,
      run: () => step(at - 1),
    },
    { id: "event-next", title: "Next event of interest", group: "Episode", keys: ["]"], run: () => jump(1) },
    {
      id: "event-back",
      title: "Previous event of interest",
      group: "Episode",
      keys: ["["],
      run: () => jump(-1),
    },
    {
      id: "follow",
      title: "Follow the newest episode",
      group: "Episode",
      keys: ["f"],
      run: () => go({ episode: -1, step: -1 }),
    },
  ]);

  return (
    <section className="episode" aria-label="Episode">
      <EpisodeChooser
        episodes={list}
        total={run.episodes.data?.total ?? detail.episodes}
        current={id}
        following={route.episode < 0}
        onChoose={(next) => go({ episode: next, step: 0 })}
        onFollow={() => go({ episode: -1, step: -1 })}
      />
      {episode.error && (
        <FailureBox failure={episode.error} what="this episode could not be read" onRetry={episode.reload} />
      )}
      {id < 0 && (
        <Empty
          text={`No episode yet: the first one whose steps are kept appears here as a film strip${firstIn(detail)}.`}
        />
      )}
      {episode.data && steps.length > 0 && (
        <>
          <FilmStrip steps={steps} current={at} events={events} onChoose={step} />
          <p className="fine">
            {total > steps.length &&
              `steps ${first} to ${first + steps.length - 1} of ${plural(total, "step")} · `}
            <kbd>j</kbd> <kbd>k</kbd> step · <kbd>[</kbd> <kbd>]</kbd> reward, memory, end
          </p>
          <EpisodeLinks
            run={detail.row.key}
            episode={id}
            step={at}
            memory={detail.row.final?.["memory_size"] !== 0}
          />
          <StepPanel detail={episode.data} at={at} />
        </>
      )}
    </section>
  );
}

/** When the first episode is to be expected, where the other seeds tell. */
function firstIn(detail: RunDetail): string {
  const seconds = firstEpisodeIn(detail.row, detail.siblings ?? []);
  return seconds === undefined ? "" : `, in about ${duration(seconds)}`;
}
