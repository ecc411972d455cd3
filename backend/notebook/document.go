// Package notebook reads and writes the notebook file: front matter, prose, and fenced blocks whose info string is yaml and a cell
// kind. It holds the document as a value: Parse and Print turn it from and into text, Apply changes it by one operation, Merge joins two
// edits of one text, Resolve turns it into runs.
//
// The text is the truth. A Document keeps every byte of its source, so Print gives back what Parse read, broken cells included; an edit
// replaces the bytes that it must and the result is parsed again.
package notebook

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
)

// Version is the number that the front matter gives as loci.
const Version = 1

// Kind says what a cell is.
type Kind string

// The closed set of cell kinds.
const (
	Prose      Kind = "prose"
	World      Kind = "world"
	Agent      Kind = "agent"
	Memory     Kind = "memory"
	RL         Kind = "rl"
	ArmsKind   Kind = "arms"
	CasesKind  Kind = "cases"
	RunKind    Kind = "run"
	SweepKind  Kind = "sweep"
	ChartKind  Kind = "chart"
	TableKind  Kind = "table"
	ClaimKind  Kind = "claim"
	MemoryView Kind = "memory-view"
	NoteKind   Kind = "note"
)

// FencedKinds lists the kinds that stand in a fence, in the order in which a person meets them.
func FencedKinds() []Kind {
	return []Kind{World, Agent, Memory, RL, ArmsKind, CasesKind, RunKind, SweepKind, ChartKind, TableKind, ClaimKind, MemoryView, NoteKind}
}

func kindNames() []string {
	var names []string
	for _, k := range FencedKinds() {
		names = append(names, string(k))
	}
	return names
}

// setup tells whether a cell of that kind chooses a section of the set-up.
func (k Kind) setup() bool { return k == World || k == Agent || k == Memory || k == RL }

// single tells whether a notebook holds at most one cell of that kind.
func (k Kind) single() bool { return k.setup() || k == ArmsKind || k == CasesKind || k == RunKind }

// Vocabulary is what the build knows and a notebook may name. The catalog and the claim language fulfil it.
type Vocabulary interface {
	// Papers lists the slugs of all papers.
	Papers() []string
	// Sections returns what a paper lets one configure; false where there is no such paper.
	Sections(paper string) ([]schema.Section, bool)
	// Metrics returns the metrics of a paper.
	Metrics(paper string) []lab.MetricSpec
	// CheckExpr checks the expression of a claim against the paper's metrics and the notebook's arms and cases (full names, "" where
	// there are no cases). An *ExprError points into the expression.
	CheckExpr(paper, expr string, arms, cases []string) error
	// CheckBound checks a bound: ">= 0.10", "<= 3", "0.4..0.6". An *ExprError points into it.
	CheckBound(holds string) error
}

// Pos is a place in the file: line and column, counted from 1, columns in characters.
type Pos struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// Span is the part of the file that a cell takes, fences included: bytes [Start, End), lines First to Last counted from 1.
type Span struct {
	Start int `json:"start"`
	End   int `json:"end"`
	First int `json:"first"`
	Last  int `json:"last"`
}

// Front is the front matter between the two lines of three dashes.
type Front struct {
	Loci  int    `json:"loci"`
	Title string `json:"title"`
	Paper string `json:"paper"`
	raw   string // with both lines of dashes
	gap   string // blank lines after it
	body  int    // offset of the YAML between the dashes
	end   int    // offset of its end
}

// Cell is one cell as the file has it.
type Cell struct {
	ID    string `json:"id"`   // kind for kinds that occur once, else kind and name, or kind and ordinal where there is no name
	Kind  Kind   `json:"kind"` //
	Name  string `json:"name"` // "" for kinds without a name
	Span  Span   `json:"span"`
	Text  string `json:"text"`  // between the fences, or the prose
	Value any    `json:"value"` // *Choice, *Arms, *Cases, *Run, *Sweep, *Chart, *Table, *Claim, *View, *Note; nil for prose and broken cells
	raw   string // with the fences
	gap   string // blank lines after the cell
	open  int    // bytes of raw before Text
}

// Hash identifies the text of a cell, so that an edit can say which text it was made for.
func (c Cell) Hash() string { return hash([]byte(c.raw)) }

// JSON returns the parsed value, null where there is none.
func (c Cell) JSON() json.RawMessage {
	raw, err := json.Marshal(c.Value)
	if err != nil {
		return json.RawMessage("null") // a value holds only what YAML gave, which JSON can write
	}
	return raw
}

// Document is a notebook. It is a value: nothing changes it after Parse made it.
type Document struct {
	File  string
	Front Front
	Cells []Cell

	vocab    Vocabulary
	sections []schema.Section
	problems []Problem
	lead     string // what stands before the first cell when the front matter is missing
}

// Problems lists what is wrong with the document, in the order of the file.
func (d *Document) Problems() []Problem { return slices.Clone(d.problems) }

// Title returns the title of the front matter.
func (d *Document) Title() string { return d.Front.Title }

// Paper returns the slug of the paper.
func (d *Document) Paper() string { return d.Front.Paper }

// Sections returns the sections of the document's paper, nil where the paper is unknown.
func (d *Document) Sections() []schema.Section { return d.sections }

// Section returns the section that a set-up cell of that kind configures.
func (d *Document) Section(kind Kind) (schema.Section, bool) {
	i := slices.IndexFunc(d.sections, func(s schema.Section) bool { return s.Name == string(kind) })
	if i < 0 {
		return schema.Section{}, false
	}
	return d.sections[i], true
}

// Cell returns the cell of that id.
func (d *Document) Cell(id string) (Cell, bool) {
	i := d.index(id)
	if i < 0 {
		return Cell{}, false
	}
	return d.Cells[i], true
}

func (d *Document) index(id string) int {
	return slices.IndexFunc(d.Cells, func(c Cell) bool { return c.ID == id })
}

// CellAt returns the cell that holds a line of the file.
func (d *Document) CellAt(line int) (Cell, bool) {
	for _, c := range d.Cells {
		if c.Span.First <= line && line <= c.Span.Last {
			return c, true
		}
	}
	return Cell{}, false
}

// Print returns the bytes of the file: those that were parsed, for whatever was parsed.
func Print(d *Document) []byte {
	var out strings.Builder
	out.WriteString(d.Front.raw + d.Front.gap + d.lead)
	for _, c := range d.Cells {
		out.WriteString(c.raw + c.gap)
	}
	return []byte(out.String())
}

// Choice returns what the set-up cell of that kind says; false where there is no such cell or it is broken.
func (d *Document) Choice(kind Kind) (Choice, bool) {
	c, ok := first[Choice](d, kind)
	return c, ok
}

// Arms returns the settings to compare, in the order of the file. A notebook without arms has one, named base, that changes nothing.
func (d *Document) Arms() []Arm {
	if arms, ok := first[Arms](d, ArmsKind); ok && len(arms.Arms) > 0 {
		return arms.Arms
	}
	return []Arm{{Name: "base"}}
}

// Cases returns the conditions: every group crossed with every other, the first group slowest, names joined by +. A notebook without
// cases has one, named "", that changes nothing.
func (d *Document) Cases() []Case {
	cases, _ := first[Cases](d, CasesKind)
	return cases.crossed()
}

// Run returns what the run cell says, with defaults where it says nothing or is missing.
func (d *Document) Run() Run {
	if run, ok := first[Run](d, RunKind); ok {
		return run
	}
	return defaultRun()
}

// Claims returns the claims in the order of the file.
func (d *Document) Claims() []Claim { return all[Claim](d, ClaimKind) }

// Charts returns the charts in the order of the file.
func (d *Document) Charts() []Chart { return all[Chart](d, ChartKind) }

// Tables returns the tables in the order of the file.
func (d *Document) Tables() []Table { return all[Table](d, TableKind) }

// Sweeps returns the sweeps in the order of the file.
func (d *Document) Sweeps() []Sweep { return all[Sweep](d, SweepKind) }

// Views returns the memory views in the order of the file.
func (d *Document) Views() []View { return all[View](d, MemoryView) }

// Notes returns the notes in the order of the file.
func (d *Document) Notes() []Note { return all[Note](d, NoteKind) }

func first[T any](d *Document, kind Kind) (T, bool) {
	for _, c := range d.Cells {
		if v, ok := c.Value.(*T); ok && c.Kind == kind {
			return *v, true
		}
	}
	var none T
	return none, false
}

func all[T any](d *Document, kind Kind) []T {
	var out []T
	for _, c := range d.Cells {
		if v, ok := c.Value.(*T); ok && c.Kind == kind {
			out = append(out, *v)
		}
	}
	return out
}
