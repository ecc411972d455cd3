/** An equation of a paper. */
export function Equation({ tex }: { tex: string }) {
  return <p className="equation">{tex}</p>;
}
