package web

// The messages of how a paper works.
//
//	GET  paper/{slug}/mechanism                    PaperMechanism

// PaperMechanism is how a paper works, part by part, with the sources that do it and runs that show it.
type PaperMechanism struct {
	Slug  string          `json:"slug"`
	Title string          `json:"title"`
	Sheet string          `json:"sheet"` // what it is read from
	Parts []MechanismPart `json:"parts"`
	Runs  []RecordedRun   `json:"runs"` // that ship, to be stepped through
}

// MechanismPart is one section of a mechanism.
type MechanismPart struct {
	Section  string       `json:"section"`
	Source   string       `json:"source"`   // section and equations of the paper
	Equation string       `json:"equation"` // LaTeX, "" where there is none
	Says     string       `json:"says"`
	Beats    []string     `json:"beats"` // what of an episode shows this part: told, read, act, reward, write, change, merge, delete
	Code     []SourceText `json:"code"`
}

// SourceText is a declaration as its file has it.
type SourceText struct {
	File   string        `json:"file"` // below backend/
	Symbol string        `json:"symbol"`
	Line   int           `json:"line"` // of its first line in the file
	Pieces []SourcePiece `json:"pieces"`
}

// SourcePiece is a stretch of a source of one kind.
type SourcePiece struct {
	Kind string `json:"kind"` // comment, keyword, string, number, or "" for the rest
	Text string `json:"text"`
}

// RecordedRun is a run that ships whole. All addresses of runs answer its key.
type RecordedRun struct {
	Key     string `json:"key"`
	Arm     string `json:"arm"`
	Case    string `json:"case"`
	Seed    uint64 `json:"seed"`
	Episode int64  `json:"episode"` // one with kept steps that shows most; -1 for none
}
