import { showKnob } from "./knob";

export interface Setting {
  /** Dimension of a case, "" for arms. */
  group: string;
  name: string;
  settings: [string, string][];
}

type Map = Record<string, unknown>;

function isMap(value: unknown): value is Map {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads the value of an arms or a cases cell: name to settings, or dimension to name to settings. */
export function settingsOf(value: unknown): Setting[] {
  if (!isMap(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    if (!isMap(inner)) return [{ group: "", name, settings: [] }];
    const nested = Object.values(inner).length > 0 && Object.values(inner).every(isMap);
    if (!nested) return [{ group: "", name, settings: flat(inner) }];
    return Object.entries(inner).map(([one, deep]) => ({ group: name, name: one, settings: flat(deep) }));
  });
}

function flat(value: unknown): [string, string][] {
  return isMap(value) ? Object.entries(value).map(([path, v]) => [path, showKnob(v)]) : [];
}
