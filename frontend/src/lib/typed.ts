import type { Json } from "./api.gen";

/** The value that a person means where no field says its type: a number, true or false, a list of such, or a word. */
export function typedValue(text: string): Json {
  const plain = text.trim();
  if (plain === "true" || plain === "false") return plain === "true";
  if (plain !== "" && Number.isFinite(Number(plain))) return Number(plain);
  if (plain.startsWith("[") && plain.endsWith("]")) {
    const inside = plain.slice(1, -1).trim();
    return inside === "" ? [] : inside.split(",").map((part) => typedValue(part));
  }
  return plain;
}
