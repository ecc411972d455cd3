import type { InspectStep } from "../../lib/api.gen";
import { count } from "../../lib/format";
import { contextSize } from "../../lib/inspect-text";
import type { EpisodeView } from "../../lib/route";
import { BlockBars } from "./BlockBars";
import { ExactView } from "./ExactView";
import { FoldedText } from "./FoldedText";
import { NewView } from "./NewView";

interface Props {
  detail: InspectStep;
  view: EpisodeView;
  onView: (view: EpisodeView) => void;
}

/** What the model was given at this step: block by block, exactly, or what is new since the step before. */
export function SawPanel({ detail, view, onView }: Props) {
  const { context, before } = detail;
  const views: [EpisodeView, string][] = [
    ["", "blocks"],
    ["exact", "exact"],
    ["new", before ? `new since ${detail.before_t}` : "new"],
  ];
  return (
    <div role="group" className="panel" aria-label="What the model saw">
      <div className="panel-head">
        <h2>The model saw</h2>
        {context && (
          <span className="fine">
            {count(contextSize(context))}
            {context.limit > 0 && ` of ${count(context.limit)}`}
          </span>
        )}
        <span className="grow" />
        {context && (
          <div className="tabs" role="group" aria-label="how the context is shown">
            {views.map(([value, name]) => (
              <button key={value} type="button" aria-pressed={view === value} onClick={() => onView(value)}>
                {name}
              </button>
            ))}
          </div>
        )}
      </div>
      {!context && (
        <>
          {detail.step && <FoldedText text={detail.step.saw} />}
          <p className="fine">
            {detail.step
              ? "No context was kept: this is what the world showed."
              : "No context of this step is in the record."}
          </p>
        </>
      )}
      {context && view === "" && <BlockBars context={context} />}
      {context && view === "exact" && <ExactView context={context} />}
      {context && view === "new" && <NewView context={context} before={before} beforeT={detail.before_t} />}
    </div>
  );
}
