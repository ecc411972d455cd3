package web

// The messages of the past of a notebook, of its pages, and of new ones. The comment of APIError's file lists the addresses of the rest.
//
//	GET  notebook/states?path=P&limit=N&offset=N   StatePage     (newest first)
//	GET  notebook/state/{id}?path=P                StateDetail   (what restoring it would change)
//	GET  notebook/source?path=P                    Source        (the whole text, for its twin)
//	GET  notebook/stale?path=P&budget=B            Stale         (results that other settings made)
//	POST notebook/page?path=P        PageRequest   PageAnswer    (which of the pages that are open writes)
//	POST notebook/new                NewRequest    Notebook

// StatePage is a page of the timeline of a notebook.
type StatePage struct {
	States []StateRow `json:"states"`
	More   bool       `json:"more"` // older ones exist
}

// StateRow is one kept state: what was changed since the state before it.
type StateRow struct {
	ID      int64        `json:"id"`
	AtMS    int64        `json:"at_ms"`
	Why     string       `json:"why"` // minute, run
	Changes []CellChange `json:"changes"`
	First   bool         `json:"first"` // the oldest that is kept: nothing to compare it with
}

// CellChange is a cell that two texts do not share.
type CellChange struct {
	Cell string `json:"cell"` // id; front for the front matter
	Kind string `json:"kind"`
	Name string `json:"name"`
	How  string `json:"how"` // added, removed, changed, moved
}

// StateDetail is one state against the present text.
type StateDetail struct {
	Row     StateRow     `json:"row"`
	Changes []CellChange `json:"changes"` // that restoring it would make
	Hunks   []DiffHunk   `json:"hunks"`
	Added   int          `json:"added"` // lines
	Removed int          `json:"removed"`
}

// DiffHunk is a row of lines round one change.
type DiffHunk struct {
	Lines []DiffLine `json:"lines"`
}

// DiffLine is one line: gone from the present text, come back from the state, or the same in both.
type DiffLine struct {
	Mark string `json:"mark"` // "-", "+", " "
	Text string `json:"text"`
	Line int    `json:"line"` // number in the present text; in the state for lines that come back
}

// Source is the whole text of a notebook.
type Source struct {
	Text     string `json:"text"`
	Revision int64  `json:"revision"`
}

// Stale says which fields and arms were changed since runs were made whose results still stand.
type Stale struct {
	Fields []StaleField `json:"fields"`
	Runs   []StaleRun   `json:"runs"`
}

// StaleField is a knob with the value that the old runs read.
type StaleField struct {
	Path string   `json:"path"` // memory.lambda
	Was  string   `json:"was"`
	Arms []string `json:"arms"` // whose results were made with it
}

// StaleRun is an arm and case whose results were made with other settings.
type StaleRun struct {
	Arm  string `json:"arm"`
	Case string `json:"case"`
	With string `json:"with"` // memory.lambda 0.3
}

// MovedBound is a claim whose bound was another one when runs began.
type MovedBound struct {
	Claim string `json:"claim"`
	Was   string `json:"was"`
	AtMS  int64  `json:"at_ms"` // when the runs began that had the old one
}

// PageRequest tells the server that a page shows the notebook.
type PageRequest struct {
	Page  string `json:"page"`  // its own name, made up by the page
	Take  bool   `json:"take"`  // it wants to write, whoever writes now
	Leave bool   `json:"leave"` // it is closed
}

// PageAnswer names the page that writes.
type PageAnswer struct {
	Writer string `json:"writer"`
}

// NewRequest asks for a new notebook.
type NewRequest struct {
	From  string `json:"from"`  // blank, paper, copy
	Paper string `json:"paper"` // of blank and paper; "" lets the server choose
	Path  string `json:"path"`  // of copy
	Title string `json:"title"` // "" keeps that of the source, or says New notebook
}
