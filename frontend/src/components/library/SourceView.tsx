import type { MechanismPart, PaperMechanism, SourceText } from "../../lib/api.gen";
import { Equation } from "./Equation";

/** The source of a mechanism beside the equations that it implements, section by section. */
export function SourceView({ paper }: { paper: PaperMechanism }) {
  return (
    <div className="sources">
      {(paper.parts ?? []).map((part, i) => (
        <section key={part.section} className="source-part" aria-labelledby={`part-${i}`}>
          <div className="source-says">
            <Part part={part} place={i} />
          </div>
          <div className="source-code">
            {(part.code ?? []).map((code) => (
              <Source key={code.file + code.symbol} code={code} />
            ))}
          </div>
        </section>
      ))}
    </div>
  );
}

/** A section of a mechanism: its name, its equation, what it says. */
export function Part({ part, place }: { part: MechanismPart; place: number }) {
  return (
    <>
      <h2 id={`part-${place}`}>
        {place + 1} {part.section}
      </h2>
      {part.source && <p className="fine">{part.source}</p>}
      {part.equation && <Equation tex={part.equation} />}
      <p>{part.says}</p>
    </>
  );
}

function Source({ code }: { code: SourceText }) {
  const name = `${code.symbol} in ${code.file}, line ${code.line}`;
  return (
    <figure className="source">
      <figcaption>
        <code>{code.symbol}</code> <span className="fine">{`backend/${code.file}, line ${code.line}`}</span>
      </figcaption>
      <pre tabIndex={0} role="region" aria-label={name}>
        <code>
          {(code.pieces ?? []).map((p, i) =>
            p.kind ? (
              <span key={i} className={`source-${p.kind}`}>
                {p.text}
              </span>
            ) : (
              p.text
            ),
          )}
        </code>
      </pre>
    </figure>
  );
}
