/** A line of the palette. */
export interface Entry {
  id: string;
  title: string;
  group: string;
  /** More words that find it without being shown. */
  also?: string;
  keys: readonly string[];
  run: () => void;
}

/** Entries that hold all words of the query; those whose title begins with it come first. */
export function rank(entries: readonly Entry[], query: string): Entry[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...entries];
  return entries
    .map((entry) => ({ entry, score: score(entry, words) }))
    .filter((e) => e.score > 0)
    .sort((a, b) => b.score - a.score)
    .map((e) => e.entry);
}

/** 0 when a word is missing; more where words begin the title or a word of it. */
function score(entry: Entry, words: readonly string[]): number {
  const title = entry.title.toLowerCase();
  const all = `${title} ${entry.group.toLowerCase()} ${(entry.also ?? "").toLowerCase()}`;
  let total = 0;
  for (const word of words) {
    const at = all.indexOf(word);
    if (at < 0) return 0;
    total += title.startsWith(word) ? 4 : at === 0 || /\W/.test(all[at - 1] ?? "") ? 2 : 1;
  }
  return total;
}
