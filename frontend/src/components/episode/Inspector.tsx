import { useState } from "react";
import type { InspectEpisode } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { useAlign, useRows, useStepDetail } from "../../lib/inspect-data";
import type { EpisodeRoute } from "../../lib/route";
import { Empty } from "../common/Empty";
import { BesideHead } from "./BesideHead";
import { EpisodeBar } from "./EpisodeBar";
import { EpisodePicker } from "./EpisodePicker";
import { ForkPlace, type ForkTarget } from "./ForkPlace";
import { InspectHead } from "./InspectHead";
import { SearchBox } from "./SearchBox";
import { StepColumn } from "./StepColumn";
import { StepList } from "./StepList";
import { useInspectorKeys } from "./inspector-keys";

interface Props {
  head: InspectEpisode;
  route: EpisodeRoute;
  /** The address says "the newest" and not a number. */
  newest: boolean;
}

/** An episode under the glass: bar, step list, and one step, or the same step of two episodes side by side. */
export function Inspector({ head, route, newest }: Props) {
  const app = useApp();
  const [picking, setPicking] = useState<"" | "open" | "beside">("");
  const [fork, setFork] = useState<ForkTarget | undefined>(undefined);
  const { steps } = head;
  const rows = useRows(route.key, route.episode, steps);
  const beside = route.otherEpisode >= 0;
  const otherKey = route.other || route.key;
  const align = useAlign(route.key, route.episode, route.other, route.otherEpisode);
  const otherSteps = (beside ? align.data?.other.steps : undefined) ?? 0;
  // Beside a longer episode one may go on to its end.
  const last = Math.max(steps, otherSteps) - 1;
  const at = Math.max(0, Math.min(last, route.step));
  const detail = useStepDetail(route.key, route.episode, at < steps ? at : -1);
  const other = useStepDetail(otherKey, route.otherEpisode, at < otherSteps ? at : -1);

  const change = (part: Partial<EpisodeRoute>) => app.navigation.change({ ...route, ...part });
  const step = (t: number) => change({ step: Math.max(0, Math.min(last, t)) });
  const keys = useInspectorKeys({
    head,
    route,
    at,
    last,
    moment: detail.data?.moment ?? -1,
    onStep: step,
    onCompare: () => setPicking("beside"),
    onFork: () => setFork(fork ? undefined : { step: at }),
  });

  return (
    <div className="inspector">
      <InspectHead
        head={head}
        at={at}
        last={last}
        newest={newest}
        onStep={step}
        onChoose={() => setPicking("open")}
        onCompare={() => setPicking("beside")}
        onFork={() => setFork(fork ? undefined : { step: at })}
        onMemory={keys.memory}
      />
      {head.damage && (
        <p className="inspect-warning" role="status">
          <span aria-hidden="true">! </span>
          {head.damage}
        </p>
      )}
      {steps === 0 ? (
        <Empty text="The steps of this episode were not kept: only some of the training episodes are. Choose another one." />
      ) : (
        <>
          <EpisodeBar
            head={head}
            at={Math.min(at, steps - 1)}
            row={rows.get(at)}
            differ={beside ? (align.data?.differ ?? []) : []}
            event={route.event}
            onStep={step}
            onEvent={(event) => change({ event })}
            onJump={keys.jump}
          />
          {beside && (
            <BesideHead
              align={align}
              at={at}
              onStep={step}
              onClose={() => change({ other: "", otherEpisode: -1 })}
              onChoose={() => setPicking("beside")}
            />
          )}
          {fork && (
            <ForkPlace
              runKey={route.key}
              episode={route.episode}
              at={at}
              target={fork}
              onClose={() => setFork(undefined)}
            />
          )}
          <div className={`inspect-grid${beside ? " inspect-beside" : ""}`}>
            <aside className="inspect-side" aria-label="Steps">
              <SearchBox
                runKey={route.key}
                episode={route.episode}
                query={route.query}
                steps={steps}
                onQuery={(query) => change({ query })}
                onStep={step}
              />
              <StepList
                rows={rows}
                steps={steps}
                at={Math.min(at, steps - 1)}
                first={beside ? (align.data?.first.any ?? -1) : -1}
                onStep={step}
              />
            </aside>
            <StepColumn
              name={beside ? `Episode ${route.episode}` : ""}
              detail={detail}
              at={at}
              head={head}
              view={route.view}
              onView={(view) => change({ view })}
              onFork={(target) => setFork({ ...target, step: at })}
              onReadBefore={() => keys.jump(-1, "read")}
            />
            {beside && align.data && (
              <StepColumn
                name={`Episode ${route.otherEpisode}`}
                detail={other}
                at={at}
                head={align.data.other}
                first={align.data.first}
                view={route.view}
                onView={(view) => change({ view })}
              />
            )}
          </div>
        </>
      )}
      <EpisodePicker
        open={picking !== ""}
        beside={picking === "beside"}
        head={head}
        onClose={() => setPicking("")}
        onPick={(key, episode) => {
          setPicking("");
          if (picking === "beside")
            app.navigation.go({
              ...route,
              step: at,
              other: key === route.key ? "" : key,
              otherEpisode: episode,
            });
          else app.navigation.go({ ...route, key, episode, step: 0, other: "", otherEpisode: -1, query: "" });
        }}
      />
    </div>
  );
}
