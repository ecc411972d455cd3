import type { InspectStep } from "../../lib/api.gen";
import { useApp } from "../../lib/app";
import { episodeRoute, memoryRoute } from "../../lib/route";
import { failure } from "../../lib/transport";
import { Button } from "../common/Button";

interface Props {
  run: string;
  episode: number;
  step: number;
  /** Whether the run has a memory whose operations were recorded. */
  memory: boolean;
}

/** From the step at hand to the episode under the magnifying glass, and to the memory as it was then. */
export function EpisodeLinks({ run, episode, step, memory }: Props) {
  const app = useApp();
  const openMemory = () =>
    void app.transport
      .get<InspectStep>(`run/${run}/inspect/step`, { episode, t: step })
      .then((found) => app.navigation.go(memoryRoute(run, "", found.moment)))
      .catch((error: unknown) => app.notice(failure(error).message));
  return (
    <p className="episode-links">
      <Button icon="episode" onClick={() => app.navigation.go(episodeRoute(run, episode, step))}>
        Open in the inspector
      </Button>
      {memory && (
        <Button icon="memory" onClick={openMemory}>
          Memory at this step
        </Button>
      )}
    </p>
  );
}
