import { useEffect } from "react";
import { useApp } from "../../lib/app";
import { useInspected } from "../../lib/inspect-data";
import { named } from "../../lib/format";
import { library, runRoute, type EpisodeRoute } from "../../lib/route";
import { useStore } from "../../lib/store";
import { Button } from "../common/Button";
import { Empty } from "../common/Empty";
import { FailureBox } from "../common/FailureBox";
import { Loading } from "../common/Loading";
import { Inspector } from "./Inspector";
import "../../styles/episode.css";

/** The Episode inspector: one recorded episode, step by step, with all that the model was given. */
export default function EpisodeScreen({ route }: { route: EpisodeRoute }) {
  const app = useApp();
  const last = useStore(app.lastRun);
  const key = route.key || last;
  const following = route.episode < 0 && route.step < 0;
  const episode = useInspected(key, route.episode, following);
  const { data, error, reload } = episode;
  const title =
    data && data.episode.id >= 0
      ? named(`Episode ${data.episode.id}`, data.arm, data.case, `seed ${data.seed}`)
      : "Episode";
  useEffect(() => {
    app.heading.set({ title, saved: 0 });
    if (data) app.lastRun.set(data.key);
  }, [app, title, data]);

  if (key === "") {
    return (
      <div className="page">
        <Empty text="Here one sees an episode step by step: what the model was given, what it did, and which memories it read. No run has been opened yet.">
          <Button look="main" onClick={() => app.navigation.go(runRoute(""))}>
            Choose a run
          </Button>
        </Empty>
      </div>
    );
  }
  if (error && !data) {
    return (
      <div className="page">
        <FailureBox
          failure={error}
          what="this episode could not be opened; its record is as it was"
          onRetry={reload}
        />
        <Button onClick={() => app.navigation.go({ ...route, key, episode: -1, step: -1 })}>
          Open the newest episode
        </Button>
      </div>
    );
  }
  if (!data) {
    return (
      <div className="page">
        <Loading what="the episode" lines={10} onCancel={() => app.navigation.go(library)} />
      </div>
    );
  }
  if (data.episode.id < 0) {
    return (
      <div className="page">
        <Empty text="No episode yet: the first one whose steps are kept opens here by itself.">
          <Button look="main" onClick={() => app.navigation.go(runRoute(key))}>
            Open the run
          </Button>
        </Empty>
      </div>
    );
  }
  return (
    <Inspector
      key={`${key} ${data.episode.id}`}
      head={data}
      route={{ ...route, key, episode: data.episode.id }}
      newest={route.episode < 0}
    />
  );
}
