/** A small picture of the memory's form: a state carried on, lines that are kept, weights that change. It decorates the word. */
export function FormPicture({ form }: { form: string }) {
  return (
    <svg className="form-picture" width="44" height="44" viewBox="0 0 44 44" aria-hidden="true">
      {picture(form.split(",")[0]?.trim() ?? "")}
    </svg>
  );
}

function picture(form: string) {
  switch (form) {
    case "tokens":
      return [10, 17, 24, 31].map((y, i) => (
        <rect
          key={y}
          x="8"
          y={y}
          width={[28, 20, 25, 14][i]}
          height="3.5"
          rx="1"
          className={i === 2 ? "hot" : ""}
        />
      ));
    case "parameters":
      return Array.from({ length: 16 }, (_, i) => (
        <rect
          key={i}
          x={8 + (i % 4) * 7.5}
          y={8 + Math.floor(i / 4) * 7.5}
          width="5.5"
          height="5.5"
          className={[1, 6, 11, 12].includes(i) ? "hot" : ""}
        />
      ));
    default:
      return (
        <>
          <path d="M6 22h32" className="line" />
          {[10, 22, 34].map((x, i) => (
            <circle key={x} cx={x} cy="22" r="5" className={i === 1 ? "hot" : ""} />
          ))}
          <path d="M22 16c0-9 12-9 12 0" className="line" />
        </>
      );
  }
}
