import { useState } from "react";
import { useApp } from "../../lib/app";
import type { Library, NewRequest, Notebook } from "../../lib/api.gen";
import { useResource } from "../../lib/resource";
import { library, notebookRoute } from "../../lib/route";
import { failure, type Failure } from "../../lib/transport";
import { Button } from "../common/Button";
import { FailureBox } from "../common/FailureBox";

type Start = "paper" | "copy" | "blank";

/** A question, and what the notebook begins with: a paper's own notebook, a copy of one of the reader's, or a bare set-up. */
export function NewNotebook() {
  const app = useApp();
  const { data } = useResource("library", (signal) => app.transport.get<Library>("library", {}, signal));
  const [title, setTitle] = useState("");
  const [from, setFrom] = useState<Start>("paper");
  const [source, setSource] = useState("");
  const [error, setError] = useState<Failure | undefined>(undefined);
  const papers = (data?.papers ?? [])
    .filter((p) => p.works)
    .map((p) => ({ value: p.card.slug, name: p.card.short || p.card.title }));
  const own = (data?.own ?? []).map((n) => ({ value: n.path, name: n.title || n.path }));
  const sources = from === "copy" ? own : papers;
  const chosen = sources.some((s) => s.value === source) ? source : (sources[0]?.value ?? "");
  const make = () => {
    const request: NewRequest = {
      from,
      title,
      paper: from === "copy" ? "" : chosen,
      path: from === "copy" ? chosen : "",
    };
    app.transport.post<Notebook>("notebook/new", {}, request).then(
      (made) => app.navigation.go(notebookRoute(made.path)),
      (e: unknown) => setError(failure(e)),
    );
  };
  return (
    <form
      className="page new-notebook"
      onSubmit={(event) => {
        event.preventDefault();
        make();
      }}
    >
      <h1>New notebook</h1>
      <p className="lead">A notebook asks one question, sets it up, runs it and says what came out.</p>
      <label className="new-question">
        Question
        <input
          type="text"
          value={title}
          autoFocus
          placeholder="Does value beat similarity?"
          onChange={(e) => setTitle(e.target.value)}
        />
      </label>
      <fieldset className="new-start">
        <legend>Begin with</legend>
        {STARTS.map(([value, name, says]) => (
          <label key={value}>
            <input
              type="radio"
              name="start"
              checked={from === value}
              disabled={value === "copy" && own.length === 0}
              onChange={() => setFrom(value)}
            />{" "}
            <b>{name}</b> <span className="fine">{says}</span>
          </label>
        ))}
      </fieldset>
      <label className="new-source">
        {from === "copy" ? "Notebook" : "Paper"}
        <select value={chosen} onChange={(e) => setSource(e.target.value)}>
          {sources.map((s) => (
            <option key={s.value} value={s.value}>
              {s.name}
            </option>
          ))}
        </select>
      </label>
      {error && <FailureBox failure={error} what="the notebook could not be made" />}
      <p className="new-actions">
        <Button look="main" icon="notebook" disabled={chosen === ""} onClick={make}>
          Make it
        </Button>
        <Button look="quiet" onClick={() => app.navigation.go(library)}>
          Choose one in the Library instead
        </Button>
      </p>
    </form>
  );
}

const STARTS: readonly [Start, string, string][] = [
  ["paper", "A paper", "its arms, charts and claims, to be changed"],
  ["copy", "A copy", "one of your notebooks"],
  ["blank", "Blank", "a paper's set-up alone"],
];
