import type { ForkView } from "../../lib/api.gen";
import { effectRows, outcomeRows } from "../../lib/fork";
import { count } from "../../lib/format";
import { episodeRoute } from "../../lib/route";
import { DataTable } from "../common/DataTable";
import { FailureBox } from "../common/FailureBox";
import { RouteLink } from "../common/RouteLink";
import { Failure } from "../../lib/transport";
import { PairsChart } from "./PairsChart";

/** What a fork showed: both episodes, the first step that differs, and the effect over the pairs. */
export function ForkResult({ fork }: { fork: ForkView }) {
  const { outcome, effect, error } = fork;
  const at = outcome && outcome.first >= 0 ? outcome.first : fork.step;
  return (
    <div className="fork-result">
      {error && (
        <FailureBox
          failure={new Failure(error.code, error.msg, error.hint)}
          what="the fork failed; the run is as it was"
        />
      )}
      {fork.state === "cancelled" && <p>Cancelled: the run is as it was, and nothing half done is kept.</p>}
      {fork.sentence && (
        <p className="fork-sentence" role="status">
          {fork.sentence}
        </p>
      )}
      {outcome && (
        <>
          <DataTable
            caption="The episode as it was and as the fork made it"
            table={{ columns: ["", "return", "success", "steps"], rows: outcomeRows(outcome, fork.words) }}
          />
          <p>
            <RouteLink
              to={{
                ...episodeRoute(fork.parent, fork.episode, at),
                other: fork.key,
                otherEpisode: fork.episode,
              }}
            >
              {outcome.first >= 0
                ? `See both side by side at step ${outcome.first}, the first that differs`
                : "See both side by side: no step differs"}
            </RouteLink>
          </p>
        </>
      )}
      {effect && (
        <>
          <DataTable
            caption="Effect over the pairs"
            table={{
              columns: [
                `changed less unchanged, ${count(effect.pairs)} pairs`,
                "mean",
                "95 % t interval",
                "p, sign flip",
              ],
              rows: effectRows(effect),
            }}
          />
          {!effect.same && fork.state !== "running" && <PairsChart fork={fork} />}
        </>
      )}
    </div>
  );
}
