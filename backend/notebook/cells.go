package notebook

import (
	"slices"
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
)

// Choice is a set-up cell: which kind stands in the section, and the knobs that the file sets. Knobs that it does not name have the
// default of the budget.
type Choice struct {
	Kind  string         `json:"kind"`
	Knobs map[string]any `json:"knobs"` // bool, int64, uint64, float64, string, []any

	at     Pos            // of the kind
	places map[string]Pos // of each knob's value
	names  map[string]Pos // of each knob's name
}

// Override changes one knob of the set-up: a path such as memory.lambda or agent.kind.
type Override struct {
	Path  string `json:"path"`
	Value any    `json:"value"`

	name, at Pos
	cell     string // id of the cell where it stands
	by       string // whose it is: arm "lstm", case "n5"
}

// Arm is one setting that is compared with others.
type Arm struct {
	Name string     `json:"name"`
	Set  []Override `json:"set"`
	Only []string   `json:"only"` // cases in which it runs, by full name or by the name of one condition; empty: all

	at    Pos
	trial *Trial // of an arm that a sweep made
}

// In tells whether the arm runs in the case of that full name.
func (a Arm) In(name string) bool { return len(a.Only) == 0 || named(a.Only, name) }

// named tells whether a list holds the full name of a case or one of the conditions that it is made of.
func named(list []string, name string) bool {
	if slices.Contains(list, name) {
		return true
	}
	return slices.ContainsFunc(strings.Split(name, "+"), func(part string) bool { return part != "" && slices.Contains(list, part) })
}

// Arms is the arms cell: a name for each setting, with what it changes.
type Arms struct {
	Arms []Arm `json:"arms"`
}

// Case is a condition under which every arm runs.
type Case struct {
	Name string     `json:"name"`
	Set  []Override `json:"set"`

	at Pos
}

// Group is a row of conditions of which exactly one holds in a run.
type Group struct {
	Name  string `json:"name"`
	Cases []Case `json:"cases"`
}

// Cases is the cases cell.
type Cases struct {
	Groups []Group `json:"groups"`
}

// crossed joins one case of each group in every way.
func (c Cases) crossed() []Case {
	out := []Case{{}}
	for _, g := range c.Groups {
		if len(g.Cases) == 0 {
			continue
		}
		var next []Case
		for _, a := range out {
			for _, b := range g.Cases {
				next = append(next, join(a, b))
			}
		}
		out = next
	}
	return out
}

func join(a, b Case) Case {
	if a.Name == "" {
		return b
	}
	return Case{Name: a.Name + "+" + b.Name, Set: slices.Concat(a.Set, b.Set), at: b.at}
}

// Run is the run cell.
type Run struct {
	Seeds  string `json:"seeds" doc:"seeds of each arm and case: a count (5 is 0 to 4), a range (100-104), or a list of both" default:"5" main:"true"`
	Budget string `json:"budget" doc:"sizes of the runs: fast shows that it works, laptop gives verdicts, full is what the paper calls full scale" default:"laptop" enum:"fast,laptop,full" main:"true"`
	Target string `json:"target" doc:"where the runs execute: here, or the name of a target" default:"here" main:"true"`
	Model  string `json:"model" doc:"the text model: tiny, endpoint NAME, or service NAME" default:"tiny"`
	Fast   Fast   `json:"fast"`
}

// Fast says what budget fast runs, which has a minute for all of it.
type Fast struct {
	Arms  []string `json:"arms" doc:"arms that budget fast runs; the first two when empty"`
	Cases []string `json:"cases" doc:"cases that budget fast runs, by full name or by the name of one condition; the first when empty"`
	Seeds string   `json:"seeds" doc:"seeds that budget fast runs" default:"2"`
}

// SeedList returns the seeds that the run cell names.
func (r Run) SeedList() []uint64 {
	seeds, err := ParseSeeds(r.Seeds)
	if err != nil {
		return nil // a Run of a document was checked when it was parsed
	}
	return seeds
}

// Chart is a chart cell.
type Chart struct {
	Cell      string   `json:"-"`
	Name      string   `json:"name" doc:"name of the chart"`
	Metric    string   `json:"metric" doc:"metric of the y axis" main:"true"`
	Kind      string   `json:"kind" doc:"line: over x; bar: last values side by side; matrix: last values, arms against cases" default:"line" enum:"line,bar,matrix" main:"true"`
	X         string   `json:"x" doc:"x axis of a line: time is the metric's own unit, cases puts the last values over the cases" default:"time" enum:"time,cases"`
	Arms      []string `json:"arms" doc:"arms that are drawn; all when empty"`
	Cases     []string `json:"cases" doc:"cases that are drawn, by full name or by the name of one condition; all when empty"`
	Smoothing int      `json:"smoothing" doc:"points in the moving mean, 0 for none; raw values stay visible behind it" unit:"points" default:"0" min:"0" max:"1000"`
	Title     string   `json:"title" doc:"line above the chart"`
}

// Table is a table cell: last values of metrics, a row for each arm and case.
type Table struct {
	Cell    string   `json:"-"`
	Name    string   `json:"name" doc:"name of the table"`
	Metrics []string `json:"metrics" doc:"metrics that become columns; all when empty" main:"true"`
	Arms    []string `json:"arms" doc:"arms that become rows; all when empty"`
	Cases   []string `json:"cases" doc:"cases that become rows, by full name or by the name of one condition; all when empty"`
	Title   string   `json:"title" doc:"line above the table"`
}

// Claim is a sentence with a bound that runs decide. Value and Holds have equal lengths, and all must hold.
type Claim struct {
	Cell   string   `json:"-"`
	Name   string   `json:"name" doc:"name of the claim" main:"true"`
	Value  []string `json:"value" doc:"expression over metrics, arms and cases; a list means that all must hold" main:"true"`
	Holds  []string `json:"holds" doc:"bound such as \">= 0.10\", \"<= 3\" or \"0.4..0.6\", in quotes; one for each value" main:"true"`
	Why    string   `json:"why" doc:"what the claim says, in words"`
	Budget string   `json:"budget" doc:"smallest budget that may decide it" default:"laptop" enum:"fast,laptop,full"`
}

// View is a memory-view cell: the bank of one run, with its time line.
type View struct {
	Cell string `json:"-"`
	Name string `json:"name" doc:"name of the view"`
	Arm  string `json:"arm" doc:"arm whose memory is shown; the first when empty" main:"true"`
	Case string `json:"case" doc:"case whose memory is shown; the first when empty"`
	Seed uint64 `json:"seed" doc:"seed of the run" default:"0" max:"9007199254740991"`
	View string `json:"view" doc:"form of the picture" default:"table" enum:"table,graph,map,weights" main:"true"`
}

// Note is a note cell: what a person concluded, with its evidence.
type Note struct {
	Cell   string `json:"-"`
	Name   string `json:"name" doc:"name of the note"`
	Text   string `json:"text" doc:"the note" main:"true"`
	Date   string `json:"date" doc:"when it was written, as year-month-day"`
	Commit string `json:"commit" doc:"commit that held claims and knobs before the runs"`
}

// blank returns a zero value of a kind that is described by tags, nil for the others.
func blank(kind Kind) any {
	switch kind {
	case RunKind:
		return new(Run)
	case ChartKind:
		return new(Chart)
	case TableKind:
		return new(Table)
	case ClaimKind:
		return new(Claim)
	case MemoryView:
		return new(View)
	case NoteKind:
		return new(Note)
	}
	return nil
}

// required lists the keys that a cell must have.
func required(kind Kind) []string {
	switch kind {
	case SweepKind:
		return []string{"name", "over"}
	case ChartKind:
		return []string{"metric"}
	case ClaimKind:
		return []string{"name", "value", "holds"}
	case NoteKind:
		return []string{"text"}
	}
	return nil
}

// Fields describes the keys of a cell that is no set-up cell, for forms, docs and completion. The keys of arms, cases and of a sweep's
// over are names and paths that the user chooses; they have no field.
func Fields(kind Kind) ([]schema.Field, error) {
	v := blank(kind)
	switch {
	case kind == SweepKind:
		return schema.FieldsOf(new(sweepHead))
	case v != nil:
		return schema.FieldsOf(v)
	case kind == ArmsKind || kind == CasesKind || kind == Prose:
		return nil, nil
	}
	return nil, lab.Errorf(lab.Invalid, "cells of kind %q have no fields of their own, want %s", kind, oneOf(kindNames())).
		WithHint("ask schema.Fields for the kind that a set-up cell chose")
}

func defaultRun() Run {
	return Run{Seeds: "5", Budget: "laptop", Target: "here", Model: "tiny", Fast: Fast{Seeds: "2"}}
}

// most bounds seeds, cases and arms, so that a slip of the pen cannot ask for a billion runs.
const most = 1000

// ParseSeeds reads seeds as notebooks and the command line write them: a count ("5" is 0, 1, 2, 3, 4), a range with both ends
// ("100-104"), or a list of numbers and ranges ("0,7,100-104"). One single seed is written as a range ("7-7"). Seeds go up to 2^53-1,
// at most 1000 of them, none twice.
func ParseSeeds(text string) ([]uint64, error) {
	parts := strings.Split(text, ",")
	if n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64); len(parts) == 1 && err == nil {
		if n < 1 || n > most {
			return nil, badSeeds(text, "want a count from 1 to 1000")
		}
		parts[0] = "0-" + strconv.FormatUint(n-1, 10)
	}
	var seeds []uint64
	for _, part := range parts {
		lo, hi, ok := seedRange(part)
		if !ok || hi < lo {
			return nil, badSeeds(text, "want a count (5), a range (100-104) or a list of both (0,7,100-104)")
		}
		if hi-lo >= most || len(seeds)+int(hi-lo) >= most {
			return nil, badSeeds(text, "want at most 1000 seeds")
		}
		for s := lo; s <= hi; s++ {
			if slices.Contains(seeds, s) {
				return nil, badSeeds(text, "want each seed once, "+strconv.FormatUint(s, 10)+" stands there twice")
			}
			seeds = append(seeds, s)
		}
	}
	return seeds, nil
}

func seedRange(part string) (lo, hi uint64, ok bool) {
	from, to, isRange := strings.Cut(strings.TrimSpace(part), "-")
	if !isRange {
		to = from
	}
	lo, err1 := strconv.ParseUint(strings.TrimSpace(from), 10, 53)
	hi, err2 := strconv.ParseUint(strings.TrimSpace(to), 10, 53)
	return lo, hi, err1 == nil && err2 == nil
}

func badSeeds(text, want string) error {
	err := lab.Errorf(lab.Invalid, "seeds are %q, %s", text, want).WithHint("write seeds: 5 or seeds: 100-104")
	err.Err = &schema.FieldError{Path: "seeds", Value: strconv.Quote(text), Legal: []string{"5", "100-104", "0,7,100-104"}, Index: -1}
	return err
}
