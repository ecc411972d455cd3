import { useEffect, useRef, useState } from "react";
import type { Resource } from "./resource";

/** The last answer to one question while the next one comes, so that nothing flickers. */
export function useLast<T>(data: T | undefined, of: string): T | undefined {
  const last = useRef<{ data: T; of: string } | undefined>(undefined);
  if (data) last.current = { data, of };
  return last.current?.of === of ? last.current.data : undefined;
}

/** A resource that keeps the last answer to its question while the next one comes. One that failed says so. */
export function useKept<T>(resource: Resource<T>, of: string): Resource<T> {
  const { data, error } = resource;
  const kept = useLast(data, of);
  return data || error ? resource : { ...resource, data: kept };
}

/** Reads again a while after something settled; the number rises each time, so that charts are read again, too. */
export function useAgain(settled: string, reload: () => void, calm: number): number {
  const [version, setVersion] = useState(0);
  useEffect(() => {
    if (settled === "") return;
    const timer = setTimeout(() => {
      reload();
      setVersion((v) => v + 1);
    }, calm);
    return () => clearTimeout(timer);
  }, [settled, reload, calm]);
  return version;
}
