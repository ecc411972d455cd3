import { useCallback, useEffect, useRef, useState } from "react";
import { useApp } from "./app";
import type { Job, Lesson, LessonResult, Notebook, RunRow } from "./api.gen";
import { useResource, type Resource } from "./resource";

/** What a lesson asks, read again when the notebook changes. */
export function useLesson(notebook: Notebook): Resource<Lesson> {
  const { transport } = useApp();
  const { path, revision } = notebook;
  const kept = useRef<Lesson | undefined>(undefined);
  const resource = useResource(`lesson ${path} ${revision}`, (signal) =>
    transport.get<Lesson>("lesson", { path }, signal),
  );
  if (resource.data) kept.current = resource.data;
  return { ...resource, data: resource.data ?? kept.current };
}

/** The name under which a guess is kept: the file, wherever its copy lies. */
function nameOf(path: string): string {
  return `loci-guess ${path.slice(path.lastIndexOf("/") + 1).replace(/(-\d+)?\.md$/, "")}`;
}

/** The reader's guess, "" before it. It outlives a reload and the move to a copy. */
export function useGuess(notebook: Notebook): [string, (arm: string) => void] {
  const name = nameOf(notebook.path);
  const [guess, setGuess] = useState(() => sessionStorage.getItem(name) ?? "");
  const put = useCallback(
    (arm: string) => {
      setGuess(arm);
      if (arm) sessionStorage.setItem(name, arm);
      else sessionStorage.removeItem(name);
    },
    [name],
  );
  return [guess, put];
}

export interface LessonRuns extends Resource<LessonResult> {
  /** The runs of the lesson, with the newest word on each. */
  runs: readonly RunRow[];
  /** Rises when charts should be read again. */
  version: number;
}

/** What the runs of a lesson came to so far. */
export function useLessonResult(notebook: Notebook, job: Job | undefined, wanted: boolean): LessonRuns {
  const { transport } = useApp();
  const { path, revision } = notebook;
  const state = job ? `${job.id} ${job.state} ${job.done}` : "";
  const result = useResource(wanted ? `lesson-result ${path} ${revision}` : "", (signal) =>
    transport.get<LessonResult>("lesson/result", { path }, signal),
  );
  const [version, setVersion] = useState(0);
  const { reload, data } = result;
  useEffect(() => {
    if (state === "") return;
    reload();
    setVersion((v) => v + 1);
  }, [state, reload]);
  const known = new Map((job?.runs ?? []).map((r) => [r.key, r]));
  const runs = (data?.arms ?? []).flatMap((a) =>
    (a.keys ?? []).map((key, i) => known.get(key) ?? rowOf(key, a.arm, i, data?.done === true)),
  );
  return { ...result, runs, version };
}

/** A run that no job of this server knows: it ended before. */
function rowOf(key: string, arm: string, seed: number, done: boolean): RunRow {
  return {
    key,
    arm,
    case: "",
    seed,
    budget: "fast",
    state: done ? "done" : "queued",
    done: 0,
    total: 0,
    unit: "",
    start_ms: 0,
    heard_ms: 0,
    target: "",
    where: "",
    there_ms: 0,
    quiet: 0,
    redone: 0,
    seconds: 0,
    error: "",
    hint: "",
    final: null,
  };
}
