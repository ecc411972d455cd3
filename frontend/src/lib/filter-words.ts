/** Whether a text holds every word of a query, in any case of letters; an empty query finds everything. */
export function words(query: string, text: string): boolean {
  const low = text.toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => low.includes(word));
}
