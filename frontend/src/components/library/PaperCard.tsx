import type { LibraryPaper } from "../../lib/api.gen";
import { minutes } from "../../lib/format";
import { START_HERE } from "../../lib/lesson";
import { Button } from "../common/Button";
import { VerdictMark } from "../common/VerdictMark";
import { FormPicture } from "./FormPicture";
import { PaperDetails } from "./PaperDetails";

interface Props {
  paper: LibraryPaper;
  open: boolean;
  onToggle: () => void;
  onOpenNotebook: () => void;
  onView: (view: "mechanism" | "code") => void;
  onLesson: () => void;
}

/** One paper: name, idea, what kind of memory it is, what its claims came to here. */
export function PaperCard({ paper, open, onToggle, onOpenNotebook, onView, onLesson }: Props) {
  const { card } = paper;
  const facts = [card.form, card.control, card.learns && `learns ${card.learns}`, card.world];
  return (
    <article className={`card${open ? " card-is-open" : ""}`} aria-label={card.short || card.title}>
      <div className="card-main">
        <FormPicture form={card.form} />
        <div>
          <h2>
            <button type="button" className="card-open-button" aria-expanded={open} onClick={onToggle}>
              {card.short || card.title}
            </button>
          </h2>
          <p className="card-idea">{card.idea}</p>
        </div>
      </div>
      <ul className="facts">
        {facts.filter(Boolean).map((f) => (
          <li key={String(f)}>{f}</li>
        ))}
      </ul>
      <p className="card-foot">
        {card.rung && <span>rung {card.rung}</span>}
        <span title="all runs, laptop budget, on the computer that recorded the results">
          {minutes(card.minutes)}
        </span>
        <Verdicts verdicts={paper.verdicts ?? {}} />
      </p>
      {open && <PaperDetails paper={paper} />}
      <div className="card-actions">
        {paper.works && card.slug === START_HERE && (
          <Button look="main" icon="play" onClick={onLesson}>
            Start here, 1 minute
          </Button>
        )}
        {paper.works ? (
          <Button
            look={open && card.slug !== START_HERE ? "main" : "plain"}
            icon="arrow"
            onClick={onOpenNotebook}
          >
            Open notebook
          </Button>
        ) : (
          <span className="fine">no notebook in this build yet</span>
        )}
        <Button look="quiet" icon="play" onClick={() => onView("mechanism")}>
          Mechanism
        </Button>
        {open && (
          <Button look="quiet" icon="text" onClick={() => onView("code")}>
            Read the code
          </Button>
        )}
        <Button look="quiet" onClick={onToggle}>
          {open ? "Less" : "More"}
        </Button>
      </div>
    </article>
  );
}

function Verdicts({ verdicts }: { verdicts: Record<string, number> }) {
  const known = ["held", "not held", "cannot tell"].filter((v) => (verdicts[v] ?? 0) > 0);
  if (known.length === 0) return <span className="fine">no verdicts yet</span>;
  return (
    <span className="card-verdicts">
      {known.map((v) => (
        <VerdictMark key={v} verdict={v} count={verdicts[v] ?? 0} />
      ))}
    </span>
  );
}
