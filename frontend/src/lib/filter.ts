import type { LibraryPaper } from "./api.gen";
import { FILTERS, type Filter, type LibraryRoute } from "./route";

/** The papers that match all words and all filters, in the order asked for. */
export function choosePapers(papers: readonly LibraryPaper[], route: LibraryRoute): LibraryPaper[] {
  const words = route.query.toLowerCase().split(/\s+/).filter(Boolean);
  const found = papers.filter((p) => matchesFilters(p, route) && words.every((w) => haystack(p).includes(w)));
  if (route.sort === "minutes") found.sort((a, b) => a.card.minutes - b.card.minutes);
  return found;
}

function matchesFilters(p: LibraryPaper, route: LibraryRoute): boolean {
  return FILTERS.every((name) => {
    const want = route.filters[name];
    return want === undefined || values(p, name).includes(want);
  });
}

/** A card may name several values, apart by commas: "tokens, parameters". */
function values(p: LibraryPaper, name: Filter): string[] {
  return (p.card[name] ?? "")
    .split(",")
    .map((v) => v.trim())
    .filter(Boolean);
}

function haystack(p: LibraryPaper): string {
  const c = p.card;
  return [
    c.slug,
    c.title,
    c.short,
    c.idea,
    c.problem,
    c.mechanism,
    c.world,
    c.form,
    c.function,
    c.control,
    c.learns,
  ]
    .join(" ")
    .toLowerCase();
}

/** Whether choosing some value of the filter would leave a paper out. */
export function canFilter(papers: readonly LibraryPaper[], name: Filter): boolean {
  return filterValues(papers, name).some((value) => papers.some((p) => !values(p, name).includes(value)));
}

/** The values that a filter can take among these papers, in order. */
export function filterValues(papers: readonly LibraryPaper[], name: Filter): string[] {
  return [...new Set(papers.flatMap((p) => values(p, name)))].sort();
}
