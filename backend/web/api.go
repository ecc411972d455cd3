// Package web serves Loci's pages, its HTTP API and its WebSocket to the browser and to the desktop window, which is a browser too.
//
// This file is the contract with the pages: every message that crosses the wire. The TypeScript side is generated from it
// (frontend/src/lib/api.gen.ts, written by go generate), so that a field exists on both sides or on none.
package web

import (
	"encoding/json"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/stats"
)

// All paths lie under /api/. Every answer that is not 2xx carries an APIError.
//
//	GET  library                                   Library
//	GET  notebook?path=P                           Notebook
//	POST notebook/op?path=P          Operation     OpResult   (the server applies it; 409 conflict when it lost a race)
//	POST notebook/copy?path=P        CopyRequest   Notebook   (a copy in the user's own folder, since shipped notebooks are read-only)
//	GET  plan?path=P&budget=B                      Plan
//	POST job?path=P                  JobRequest    Job
//	POST job/{id}/{pause|resume|stop|finish}       Job        (finish: stop after this unit, keep what is there)
//	GET  jobs                                      []Job
//	GET  chart?path=P&cell=C&budget=B&dark=0|1     Chart      (budget left out: as the notebook says)
//	GET  results?path=P&budget=B                   Results    (claims with verdicts, final table)
//	GET  runs?path=P&limit=N&offset=N              RunPage
//	GET  run/{key}                                 RunDetail
//	GET  run/{key}/episodes?offset=N&limit=N       EpisodePage (newest first; offset from the newest)
//	GET  run/{key}/episode/{id}?from=N&limit=N     EpisodeDetail
//	GET  run/{key}/rows.csv?metric=M               raw rows as CSV
//	GET  run/{key}/chart?metric=M&dark=0|1         Chart      (one metric of one run; its Cell is the metric, its topic runchart:KEY#M)
//	GET  status                                    Status
//	GET  ws                                        WebSocket: ClientMessage up, ServerMessage (text) and frames (binary, see chart) down
//
// Every other path that is no file of the pages answers index.html, so that an address such as /run?key=K opens where it was copied.

// APIError is how every failure reaches the page.
type APIError struct {
	Code string `json:"code"` // as lab.Code
	Msg  string `json:"msg"`
	Hint string `json:"hint"`
	Ref  string `json:"ref"` // reference number in the log, for internal errors
}

// Library lists the papers that this build knows, and the notebooks that the user made of them.
type Library struct {
	Papers []LibraryPaper `json:"papers"`
	Own    []OwnNotebook  `json:"own"` // the user's notebooks, newest first
}

// OwnNotebook is a notebook of the user's own: a copy, or a file that was named at the start.
type OwnNotebook struct {
	Path    string `json:"path"`
	Title   string `json:"title"`
	Paper   string `json:"paper"`
	SavedMS int64  `json:"saved_ms"`
}

// LibraryPaper is one card with what its claims came to here.
type LibraryPaper struct {
	Card     lab.Card       `json:"card"`
	Path     string         `json:"path"`     // of its notebook
	Works    bool           `json:"works"`    // it has a notebook that runs in this build
	Recorded string         `json:"recorded"` // where and when the recorded results were made, "" without any
	Verdicts map[string]int `json:"verdicts"` // held, not held, cannot tell -> claims
}

// Notebook is an open notebook.
type Notebook struct {
	Path     string           `json:"path"`
	Title    string           `json:"title"`
	Paper    string           `json:"paper"`
	Revision int64            `json:"revision"`
	ReadOnly bool             `json:"read_only"`
	SavedMS  int64            `json:"saved_ms"` // unix milliseconds, 0 when never
	Cells    []Cell           `json:"cells"`
	Problems []Problem        `json:"problems"`
	Metrics  []lab.MetricSpec `json:"metrics"`
	CanUndo  bool             `json:"can_undo"`
	CanRedo  bool             `json:"can_redo"`
	Clash    bool             `json:"clash"`              // the file was changed outside in the same place: the reader is asked which text to keep
	Writer   string           `json:"writer"`             // the page that writes; the others read and may take over. "" while none does
	Imported string           `json:"imported,omitempty"` // it came from a shared file: whose, and where it was made
}

// Cell is one cell as the page shows it.
type Cell struct {
	ID     string          `json:"id"`
	Kind   string          `json:"kind"` // prose, world, agent, memory, rl, arms, cases, run, sweep, chart, table, claim, memory-view, note
	Name   string          `json:"name"`
	Source string          `json:"source"` // text between the fences, or the prose
	HTML   string          `json:"html"`   // prose only: rendered, safe
	Value  json.RawMessage `json:"value"`  // parsed value, null when the cell is broken
	Choice string          `json:"choice"` // set-up cells: the kind that was chosen
	Kinds  []string        `json:"kinds"`  // set-up cells: the kinds that may be chosen
	Fields []FormField     `json:"fields"` // set-up and run cells: the form
	Line   int             `json:"line"`   // first line in the file
	Hash   string          `json:"hash"`   // of its text: an edit says which text it was made for
	Good   string          `json:"good"`   // of a cell with problems: its last text without any, "" where none is known
}

// FormField is one control of a form.
type FormField struct {
	Field schema.Field    `json:"field"`
	Value json.RawMessage `json:"value"` // present value, the default where the file says nothing
	Set   bool            `json:"set"`   // the file says it
}

// Problem is an error in a notebook, with its place.
type Problem struct {
	Line   int      `json:"line"`
	Column int      `json:"column"`
	Cell   string   `json:"cell"`
	Msg    string   `json:"msg"`
	Value  string   `json:"value"`
	Legal  []string `json:"legal"`
	Hint   string   `json:"hint"`
}

// Operation is an edit of a notebook by a page. Which fields count depends on the type:
//
//	set-field    cell, field, value   one key of a cell; null takes it away
//	set-fields   cell, fields         several of them as one edit
//	set-choice   cell, choice         the kind that a set-up cell chooses
//	set-source   cell, source         the text of a cell; without cell, the whole file
//	set-title    source
//	insert-cell  after, kind, source  after "" is the top
//	delete-cell  cell
//	move-cell    cell, after
//	undo, redo
//	keep-mine, take-theirs            the answer to a clash
//	restore      state                the text of a state of the timeline; undo takes it back
//
// Revision and hash say what the author saw: an edit of a cell that has another text since is refused as a conflict. Without both, the
// operation is taken as made for the present text.
type Operation struct {
	Type     string          `json:"type"`
	Revision int64           `json:"revision"`
	Cell     string          `json:"cell"`
	Hash     string          `json:"hash"`
	Field    string          `json:"field"`
	Value    json.RawMessage `json:"value"`
	Fields   []FieldValue    `json:"fields"`
	Choice   string          `json:"choice"`
	Source   string          `json:"source"`
	After    string          `json:"after"`
	Kind     string          `json:"kind"`
	State    int64           `json:"state"`
	Page     string          `json:"page"` // which page edits; "" for a caller that is no page
}

// FieldValue is a key of a cell and its new value, null to take the key away.
type FieldValue struct {
	Field string          `json:"field"`
	Value json.RawMessage `json:"value"`
}

// OpResult carries the notebook after an operation.
type OpResult struct {
	Notebook Notebook `json:"notebook"`
}

// CopyRequest names the copy; "" lets the server choose a free name.
type CopyRequest struct {
	Name string `json:"name"`
}

// Plan says what the run button will do.
type Plan struct {
	Total     int     `json:"total"`
	Unchanged int     `json:"unchanged"` // finished before with the same key
	Todo      int     `json:"todo"`
	Partial   int     `json:"partial"` // of Todo: interrupted, will be continued
	SecondsLo float64 `json:"seconds_lo"`
	SecondsHi float64 `json:"seconds_hi"`
	Basis     string  `json:"basis"` // what the time rests on
	Label     string  `json:"label"` // Run 2 of 24 (22 unchanged), about 3 min
}

// JobRequest starts the runs that are missing.
type JobRequest struct {
	Budget string   `json:"budget"`
	Seeds  string   `json:"seeds"` // as on the command line, "" as the notebook says
	Arms   []string `json:"arms"`
	Cases  []string `json:"cases"`
	Sweep  string   `json:"sweep"` // this sweep in place of the arms, "" for none
}

// Job is one press of the run button.
type Job struct {
	ID      string    `json:"id"`
	Path    string    `json:"path"`
	Title   string    `json:"title"`
	Budget  string    `json:"budget"`
	Sweep   string    `json:"sweep"` // that it runs, "" for none
	State   string    `json:"state"` // running, paused, finishing, done, failed, cancelled
	Runs    []RunRow  `json:"runs"`
	Ahead   int       `json:"ahead"` // runs of a sweep's rungs that are to come, beside those of runs
	Done    int       `json:"done"`
	Failed  int       `json:"failed"`
	Share   float64   `json:"share"`   // of all work of the job, 0 to 1
	LeftLo  float64   `json:"left_lo"` // seconds, negative when not known yet
	LeftHi  float64   `json:"left_hi"`
	Why     string    `json:"why"` // why the time left grew by half, "" while it did not
	Error   *APIError `json:"error"`
	StartMS int64     `json:"start_ms"`
	Part    bool      `json:"part"` // runs are those alone that changed since the page was told of the job last
}

// RunRow is a run in a list.
type RunRow struct {
	Key     string               `json:"key"`
	Arm     string               `json:"arm"`
	Case    string               `json:"case"`
	Seed    uint64               `json:"seed"`
	Budget  string               `json:"budget"`
	State   string               `json:"state"` // queued, running, paused, done, failed, cancelled, interrupted
	Done    int64                `json:"done"`
	Total   int64                `json:"total"`
	Unit    string               `json:"unit"`
	StartMS int64                `json:"start_ms"`
	HeardMS int64                `json:"heard_ms"`
	Target  string               `json:"target"`   // that carries it out, "" for this process
	Where   string               `json:"where"`    // how it stands there, in words
	ThereMS int64                `json:"there_ms"` // when that was seen
	Quiet   float64              `json:"quiet"`    // seconds of silence that are news: five median steps, at least 30
	Redone  int                  `json:"redone"`   // how often it was begun anew; the earlier records are kept
	Seconds float64              `json:"seconds"`
	Error   string               `json:"error"`
	Hint    string               `json:"hint"`
	Final   map[string]lab.Float `json:"final"`
	Used    *RunUsed             `json:"used,omitempty"` // at its training service; missing where it asked none, or in a list of old runs
}

// RunUsed is what a run has used at a training service since it was begun.
type RunUsed struct {
	Service string  `json:"service"` // name of the target
	Model   string  `json:"model"`   // that it started from, by the service's name
	Calls   int64   `json:"calls"`   // that were answered
	Input   int64   `json:"input"`   // tokens that the model read
	Output  int64   `json:"output"`  // tokens that it wrote
	Trained int64   `json:"trained"` // tokens of rows that it computed a gradient on
	Waited  float64 `json:"waited"`  // seconds in which a call of the run was at the service
	Queued  float64 `json:"queued"`  // seconds of them in the service's queue, as far as it tells
	Told    bool    `json:"told"`    // the service tells how long calls queue
	Priced  bool    `json:"priced"`  // the target has a price for the model
	Dollars float64 `json:"dollars"` // by the prices that were set when it ran last, or by those of today where there were none
}

// RunPage is a page of runs.
type RunPage struct {
	Total int      `json:"total"`
	Runs  []RunRow `json:"runs"`
}

// RunDetail is all that the Run view shows of one run.
type RunDetail struct {
	Row      RunRow           `json:"row"`
	Notebook string           `json:"notebook"`
	Title    string           `json:"title"`
	Setup    lab.Setup        `json:"setup"`
	Code     string           `json:"code"`
	Kernel   string           `json:"kernel"`
	Machine  string           `json:"machine"`
	Metrics  []lab.MetricSpec `json:"metrics"`
	Episodes int              `json:"episodes"`
	Siblings []RunRow         `json:"siblings"` // same notebook, arm and case: the other seeds
	Log      []lab.Log        `json:"log"`
	Imported string           `json:"imported,omitempty"` // its record came from a shared file: whose, and where it was made
}

// EpisodePage is a page of episodes, newest first.
type EpisodePage struct {
	Total    int           `json:"total"`
	Episodes []lab.Episode `json:"episodes"`
}

// EpisodeDetail is one kept episode with a range of its steps.
type EpisodeDetail struct {
	Episode lab.Episode   `json:"episode"`
	Steps   []lab.Step    `json:"steps"`
	Context []lab.Context `json:"context"`
	Memory  []lab.Memory  `json:"memory"`
	Total   int           `json:"total"`
}

// Chart is a finished ECharts option without its points, and what stands beside the picture.
type Chart struct {
	Cell     string          `json:"cell"`
	Option   json.RawMessage `json:"option"`
	Series   []ChartSeries   `json:"series"`   // in the order of the option's series: how the points reach them
	Sentence string          `json:"sentence"` // what the picture says, in words
	Table    Table           `json:"table"`
	Stale    string          `json:"stale"`    // why the picture is old, "" when it is not
	Recorded string          `json:"recorded"` // these are recorded results: where and when; "" when they were made here
	Early    bool            `json:"early"`    // runs are still going on
	Points   int64           `json:"points"`   // raw points behind the picture
	Caption  string          `json:"caption"`  // seeds, interval, smoothing, thinning, what lies outside
	Window   *Span           `json:"window"`   // part of the x axis that it shows; null where the axis cannot be zoomed
}

// ChartSeries says which series of the option a binary frame of that index fills.
type ChartSeries struct {
	Index int    `json:"index"`
	Name  string `json:"name"`
	Arm   string `json:"arm"`
	Role  string `json:"role"` // mean, low, high, seed
	XY    XY     `json:"xy"`   // interleaved x0,y0,x1,y1,...: the points at the time of the answer
}

// XY are points as a typed array takes them. JSON has no NaN: a gap crosses the wire as the text "NaN", which Float64Array.from reads
// as the number it names.
type XY []float64

// Table is the twin of a chart.
type Table struct {
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
}

// Results are the claims and the table of final values.
type Results struct {
	Verdicts []stats.Verdict `json:"verdicts"`
	Table    Table           `json:"table"`
	Recorded string          `json:"recorded"` // these are recorded results: where and when; "" when they were made here
	Budget   string          `json:"budget"`
	Early    bool            `json:"early"`
	Minutes  float64         `json:"minutes"` // that the recorded runs took there, 0 when not recorded
	Moved    []MovedBound    `json:"moved"`   // bounds that were changed after runs began
}

// Status is what the status bar shows.
type Status struct {
	Version string `json:"version"`
	Kernel  string `json:"kernel"`
	Machine string `json:"machine"`
	Home    string `json:"home"`
	Desktop bool   `json:"desktop"` // the pages stand in a window with dialogues of the system
	Jobs    []Job  `json:"jobs"`
}

// ClientMessage is what a page sends over the WebSocket.
type ClientMessage struct {
	Type  string `json:"type"`  // watch, unwatch, hidden, visible
	Topic string `json:"topic"` // jobs, run:KEY, notebook:PATH, chart:PATH#CELL@BUDGET, runchart:KEY#METRIC, compare:QUERY, sweep:QUERY
	After int64  `json:"after"` // last number seen of that topic, 0 for none
}

// ServerMessage is a text message to a page. Binary messages carry chart frames as package chart encodes them.
type ServerMessage struct {
	Type     string       `json:"type"` // job, run, episode, notebook, results, chart, notice, lag
	Topic    string       `json:"topic"`
	Number   int64        `json:"number"` // rises by one within a topic
	Job      *Job         `json:"job,omitempty"`
	Run      *RunRow      `json:"run,omitempty"`
	Episode  *lab.Episode `json:"episode,omitempty"`
	Chart    *Chart       `json:"chart,omitempty"` // a new option: series were added
	Text     string       `json:"text,omitempty"`
	Revision int64        `json:"revision,omitempty"`
}
