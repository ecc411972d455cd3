import type { LibraryPaper } from "../../lib/api.gen";

/** What the card rests on: problem, mechanism, reported numbers, pitfalls, sources. */
export function PaperDetails({ paper }: { paper: LibraryPaper }) {
  const { card } = paper;
  return (
    <div className="details">
      <p className="details-title">{card.title}</p>
      <Part name="Problem" text={card.problem} />
      <Part name="Mechanism" text={card.mechanism} />
      <Part name="Reported" text={card.reported} />
      <List name="Pitfalls" items={card.pitfalls} />
      <List name="Where this build departs from the paper" items={card.deviations} />
      <Part name="Recorded results" text={paper.recorded} />
      <Part name="Source" text={card.source} />
      <Part name="This card rests on" text={card.basis} />
    </div>
  );
}

function Part({ name, text }: { name: string; text: string }) {
  if (!text) return null;
  return (
    <section>
      <h3>{name}</h3>
      {text.split(/\n\s*\n/).map((paragraph, i) => (
        <p key={i}>{paragraph}</p>
      ))}
    </section>
  );
}

function List({ name, items }: { name: string; items: string[] | null }) {
  if (!items || items.length === 0) return null;
  return (
    <section>
      <h3>{name}</h3>
      <ul>
        {items.map((item) => (
          <li key={item}>{item}</li>
        ))}
      </ul>
    </section>
  );
}
