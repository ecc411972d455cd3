import { useCallback, useEffect, useRef, useState } from "react";
import { useApp } from "../../lib/app";
import type { Job, Json, Lesson, LessonStart, LessonWhy, Notebook } from "../../lib/api.gen";
import { isLive, mergeJob } from "../../lib/jobs";
import { lessonKnobs, phaseOf } from "../../lib/lesson";
import { useGuess, useLesson, useLessonResult } from "../../lib/lesson-state";
import { keysOf } from "../../lib/notebook";
import { episodeRoute, library, notebookRoute, type NotebookRoute } from "../../lib/route";
import type { Session } from "../../lib/session";
import { useStore } from "../../lib/store";
import { failure, type Failure } from "../../lib/transport";
import { Button } from "../common/Button";
import { ChartView } from "../common/ChartView";
import { FailureBox } from "../common/FailureBox";
import { Loading } from "../common/Loading";
import { LessonKnobs } from "./LessonKnobs";
import { LessonQuestion } from "./LessonQuestion";
import { LessonResult } from "./LessonResult";
import { LessonRun } from "./LessonRun";
import { hintOf } from "./hints";
import { WaysOn } from "./WaysOn";
import "../../styles/lesson.css";
import "../../styles/editing.css";

interface Props {
  session: Session;
  notebook: Notebook;
  route: NotebookRoute;
}

/** A notebook as a lesson: guess, run, compare, see why. Only the paper's knobs show. */
export default function LessonPage({ session, notebook, route }: Props) {
  const app = useApp();
  const { data: lesson, error, reload } = useLesson(notebook);
  const [guess, setGuess] = useGuess(notebook);
  const jobs = useStore(app.jobs).filter(
    (j) => j.path === notebook.path && j.budget === "fast" && j.sweep === "",
  );
  const job = jobs.find(isLive) ?? jobs[0];
  const result = useLessonResult(notebook, job, guess !== "");
  const phase = phaseOf(guess, result.data);
  const [failed, setFailed] = useState<Failure>();
  const knobs = useRef<HTMLDetailsElement>(null);
  const placeOf = useCallback(
    (arm: string) => {
      const arms = (notebook.cells ?? []).find((c) => c.kind === "arms");
      return Math.max(keysOf(arms?.value).indexOf(arm), 0);
    },
    [notebook.cells],
  );
  useEffect(() => app.hints.say(hintOf(phase)), [app, phase]);

  const keep = (j: Job | null | undefined) => j && app.jobs.update((list) => mergeJob(list, j));
  const attempt = (what: Promise<unknown>) =>
    void what.then(() => setFailed(undefined)).catch((e: unknown) => setFailed(failure(e)));
  const start = async () => {
    const begun = await app.transport.post<LessonStart>("lesson/start", { path: session.path });
    keep(begun.job);
    if (begun.smaller) app.notice(`made smaller for this computer, in your copy: ${begun.smaller}`);
    if (begun.path !== session.path) app.navigation.change({ ...route, path: begun.path });
    result.reload();
  };
  const answer = (arm: string) => {
    setGuess(arm);
    attempt(start());
  };
  const turn = async (cell: string, field: string, value: Json) => {
    if ((await session.send({ type: "set-field", cell, field, value })) && guess !== "") await start();
  };
  const why = async () => {
    const found = await app.transport.get<LessonWhy>("lesson/why", { path: session.path });
    app.hints.say({
      text: found.sentence,
      answer: true,
      back: { label: "Back to the lesson", route: { ...route, path: session.path } },
    });
    app.navigation.go(episodeRoute(found.key, found.episode, found.step));
  };
  const seeds = async () => {
    const arms = (lesson?.arms ?? []).map((a) => a.name);
    keep(
      await app.transport.post<Job>(
        "job",
        { path: session.path },
        { budget: "fast", seeds: "5", arms, cases: [] },
      ),
    );
    app.navigation.go({ ...notebookRoute(session.path, "fast"), cell: lesson?.chart ?? "" });
  };

  if (error && !lesson) {
    return (
      <div className="page">
        <FailureBox failure={error} what="this notebook has no lesson" onRetry={reload} />
        <Button onClick={() => app.navigation.change({ ...route, lesson: "" })}>
          Open the whole notebook
        </Button>
      </div>
    );
  }
  if (!lesson) return <Loading what="the lesson" lines={6} />;
  const shownKnobs = lessonKnobs(notebook.cells ?? [], route.lesson, lesson.knobs ?? []);
  return (
    <div className="lesson">
      <header className="lesson-head">
        <h1>{notebook.title}</h1>
        <Button look="quiet" icon="notebook" onClick={() => app.navigation.change({ ...route, lesson: "" })}>
          Whole notebook
        </Button>
      </header>
      <div className="lesson-flow">
        <LessonQuestion lesson={lesson} placeOf={placeOf} guess={guess} onGuess={answer} />
        {failed && <FailureBox failure={failed} what="this did not work" onRetry={() => attempt(start())} />}
        {phase === "result" && result.data && (
          <>
            <LessonResult
              guess={guess}
              result={result.data}
              unit={lesson.metric.unit}
              placeOf={placeOf}
              onWhy={() => attempt(why())}
              onAgain={() => setGuess("")}
            />
            <WaysOn
              onKnob={() => openKnobs(knobs.current)}
              onMechanism={() => app.navigation.go({ ...library, paper: lesson.paper, view: "mechanism" })}
              onSeeds={() => attempt(seeds())}
              onNotebook={() => app.navigation.change({ ...route, lesson: "" })}
            />
          </>
        )}
        {phase !== "ask" && <LessonRun lesson={lesson} job={job} runs={result.runs} placeOf={placeOf} />}
        <details className="more lesson-part" ref={knobs} open={phase === "run" || undefined}>
          <summary>
            {shownKnobs.length === 1
              ? "the knob of this paper"
              : `the ${shownKnobs.length} knobs of this paper`}
          </summary>
          <LessonKnobs
            knobs={shownKnobs}
            note={
              guess === ""
                ? "Turn one before you guess, if you like."
                : "A turned knob starts its own short run of what it changes."
            }
            onSet={(cell, field, value) => attempt(turn(cell, field, value))}
          />
        </details>
      </div>
      <div className="lesson-pictures">
        {phase !== "ask" && lesson.chart && (
          <Picture
            notebook={notebook}
            lesson={lesson}
            budget="fast"
            title="Here, as it happens"
            version={result.version}
          />
        )}
        {lesson.chart && lesson.recorded && (
          <>
            <Picture
              notebook={notebook}
              lesson={lesson}
              budget={lesson.shown}
              title="Recorded, at full length"
              from={lesson.from}
              version={0}
            />
            <p className="fine">recorded on {lesson.recorded}</p>
          </>
        )}
      </div>
    </div>
  );
}

interface PictureProps {
  notebook: Notebook;
  lesson: Lesson;
  budget: string;
  title: string;
  version: number;
  /** The notebook that is drawn, where it is not the open one. */
  from?: string;
}

function Picture({ notebook, lesson, budget, title, version, from }: PictureProps) {
  const path = from ?? notebook.path;
  return (
    <ChartView
      title={title}
      source={{
        path: "chart",
        rows: "chart/rows",
        query: { path, cell: lesson.chart, budget },
        topic: `chart:${path}#${lesson.chart}@${budget}`,
      }}
      version={version}
    />
  );
}

function openKnobs(details: HTMLDetailsElement | null): void {
  if (!details) return;
  details.open = true;
  details.scrollIntoView({ block: "center" });
  details.querySelector<HTMLElement>("input, select")?.focus();
}
