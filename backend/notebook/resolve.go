package notebook

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
)

// Planned is one run that a notebook asks for.
type Planned struct {
	Arm   string    `json:"arm"`
	Case  string    `json:"case"` // full name, "" where there are no cases
	Seed  uint64    `json:"seed"`
	Setup lab.Setup `json:"setup"`
	Trial *Trial    `json:"trial,omitempty"` // of a run of a sweep: the point that it tries
}

// Overrides are what a caller asks for in place of what the notebook says. Zero values leave the notebook's word.
type Overrides struct {
	Arms  []string
	Cases []string // by full name or by the name of one condition
	Seeds []uint64
	Model string
	Sweep string         // run this sweep in place of the arms; Arms may then name arms of the notebook, too
	Rung  int            // of a halving sweep: the rung that runs
	In    Entrants       // of a halving sweep: the points that begin the rung; nil is all points of all its arms
	Set   map[string]any // paths such as memory.lambda: they win over arms and cases
}

// Resolve turns a notebook into runs: every arm in every case that it runs in, with every seed, in the order of the file, seeds fastest.
// Every knob has its value: what the set-up cell, the case, the arm and the caller say, else the default of the budget ("" is the budget
// of the run cell). Budget fast runs what the run cell lists under fast, else the first two arms, the first case of each and two seeds.
// A notebook with problems gives the first of them as an error; unknown names are errors that list the legal ones.
func Resolve(d *Document, budget string, over Overrides) ([]Planned, error) {
	if err := Err(d.problems); err != nil {
		return nil, err
	}
	run := d.Run()
	if budget == "" {
		budget = run.Budget
	}
	if !slices.Contains(lab.Budgets(), budget) {
		return nil, lab.Errorf(lab.Invalid, "budget is %q, want %s", budget, oneOf(lab.Budgets())).WithHint("choose %s", oneOf(lab.Budgets()))
	}
	arms, err := d.pickArms(budget, over)
	if err != nil {
		return nil, err
	}
	seeds, err := d.pickSeeds(budget, over)
	if err != nil {
		return nil, err
	}
	cases, err := d.pickCases(budget, over)
	if err != nil {
		return nil, err
	}
	model := run.Model
	if over.Model != "" {
		model = over.Model
	}
	if err := checkModel(model); err != nil {
		return nil, err
	}
	p := planner{doc: d, budget: budget, model: model, set: extra(over.Set), seeds: seeds, first: budget == "fast" && len(run.Fast.Cases) == 0 && len(over.Cases) == 0}
	return p.plan(arms, cases)
}

// planner holds what all runs of one Resolve share.
type planner struct {
	doc    *Document
	budget string
	model  string
	set    []Override
	seeds  []uint64
	first  bool // each arm runs only in the first case that it runs in
}

func (p planner) plan(arms []Arm, cases []Case) ([]Planned, error) {
	var out []Planned
	for _, arm := range arms {
		for _, k := range cases {
			if !arm.In(k.Name) {
				continue
			}
			setup, err := p.setup(arm, k)
			if err != nil {
				return nil, err
			}
			for _, seed := range p.seeds {
				out = append(out, Planned{Arm: arm.Name, Case: k.Name, Seed: seed, Setup: setup, Trial: arm.trial})
			}
			if p.first {
				break
			}
		}
	}
	if len(out) == 0 {
		return nil, lab.Errorf(lab.Invalid, "nothing is left to run: no arm of those chosen runs in a case of those chosen").
			WithHint("choose another case, or edit only: of the arm")
	}
	return out, nil
}

func (p planner) setup(arm Arm, k Case) (lab.Setup, error) {
	d := p.doc
	if err := checkPaths(d, p.set); err != nil {
		return lab.Setup{}, err
	}
	sections, clash := d.mix(arm, k, p.set)
	if clash != nil {
		clash.File = d.File
		return lab.Setup{}, clash.Lab()
	}
	setup := lab.Setup{Paper: d.Front.Paper, Budget: p.budget, Model: p.model, Sections: map[string]json.RawMessage{}}
	for _, m := range sections {
		raw, err := schema.Resolve(m.section, m.kind, m.given, p.budget)
		if err != nil {
			return lab.Setup{}, err
		}
		setup.Sections[m.section.Name] = raw
	}
	return setup, nil
}

func checkPaths(d *Document, set []Override) error {
	for _, o := range set {
		head, knob, ok := strings.Cut(o.Path, ".")
		if _, known := d.Section(Kind(head)); !known || !ok || knob == "" {
			_, _, err := schema.Lookup(d.sections, d.chosenKinds(), o.Path)
			return err
		}
	}
	return nil
}

func extra(set map[string]any) []Override {
	var out []Override
	for _, path := range slices.Sorted(maps.Keys(set)) {
		out = append(out, Override{Path: path, Value: set[path], by: "the command"})
	}
	return out
}

func (d *Document) pickArms(budget string, over Overrides) ([]Arm, error) {
	arms := d.Arms()
	if over.Sweep != "" {
		return d.pickTrials(over)
	}
	wanted := over.Arms
	if fast := d.Run().Fast.Arms; len(wanted) == 0 && budget == "fast" {
		wanted = fast
		if len(fast) == 0 {
			return arms[:min(2, len(arms))], nil
		}
	}
	if len(wanted) == 0 {
		return arms, nil
	}
	names := armNames(arms)
	for _, w := range wanted {
		if !slices.Contains(names, w) {
			return nil, noSuch("arm", w, names)
		}
	}
	return slices.DeleteFunc(slices.Clone(arms), func(a Arm) bool { return !slices.Contains(wanted, a.Name) }), nil
}

func armNames(arms []Arm) []string {
	var names []string
	for _, a := range arms {
		names = append(names, a.Name)
	}
	return names
}

func sweepNames(sweeps []Sweep) []string {
	var names []string
	for _, s := range sweeps {
		names = append(names, s.Name)
	}
	return names
}

func (d *Document) pickCases(budget string, over Overrides) ([]Case, error) {
	cases := d.Cases()
	wanted := over.Cases
	if len(wanted) == 0 && budget == "fast" {
		wanted = d.Run().Fast.Cases
	}
	if len(wanted) == 0 {
		return cases, nil
	}
	var full []string
	for _, k := range cases {
		full = append(full, k.Name)
	}
	legal := conditions(full)
	for _, w := range wanted {
		if !slices.Contains(legal, w) {
			return nil, noSuch("case", w, legal)
		}
	}
	return slices.DeleteFunc(cases, func(k Case) bool { return !named(wanted, k.Name) }), nil
}

// pickTrials makes the arms of a sweep. An arm may be named as the arms cell does, which means all its points, or as a run of the sweep is.
func (d *Document) pickTrials(over Overrides) ([]Arm, error) {
	s, err := d.Sweep(over.Sweep)
	if err != nil {
		return nil, err
	}
	in := over.In
	if in == nil {
		in = d.entrants(s)
	}
	arms, legal := d.sweepArms(s, over.Rung, in), armNames(d.tuned(s))
	if s.Kind != HalvingSweep { // whose later rungs depend on all points of an arm
		legal = append(legal, armNames(arms)...)
	}
	for _, w := range over.Arms {
		if !slices.Contains(legal, w) {
			return nil, noSuch("arm", w, legal)
		}
	}
	if len(over.Arms) == 0 {
		return arms, nil
	}
	return slices.DeleteFunc(arms, func(a Arm) bool {
		return !slices.Contains(over.Arms, a.Name) && !slices.Contains(over.Arms, a.trial.Arm)
	}), nil
}

// firstVerdict is the least seed on which claims are judged. A sweep stays below: knobs that were chosen on the seeds of the verdict would
// flatter it.
const firstVerdict = 100

func (d *Document) pickSeeds(budget string, over Overrides) ([]uint64, error) {
	seeds := d.runSeeds(budget)
	if over.Sweep != "" {
		s, err := d.Sweep(over.Sweep)
		if err != nil {
			return nil, err
		}
		if own, err := ParseSeeds(s.Seeds); err == nil {
			seeds = own
		}
	}
	if len(over.Seeds) > 0 {
		seeds = over.Seeds
	}
	for _, seed := range seeds {
		if over.Sweep != "" && seed >= firstVerdict {
			return nil, lab.Errorf(lab.Invalid, "sweep %q would run on seed %d, want seeds 0 to %d: claims are judged on seeds from %d on, which no choice of knobs may have seen",
				over.Sweep, seed, firstVerdict-1, firstVerdict).WithHint("add --seeds 0-4, or write seeds: 0-4 in the sweep cell")
		}
	}
	return seeds, nil
}

// runSeeds are the seeds of the run cell at a budget.
func (d *Document) runSeeds(budget string) []uint64 {
	run := d.Run()
	if budget == "fast" {
		run.Seeds = run.Fast.Seeds
	}
	return run.SeedList()
}

func noSuch(what, name string, legal []string) error {
	if len(legal) == 0 {
		return lab.Errorf(lab.NotFound, "there is no %s %q, the notebook has none", what, name).WithHint("leave it out")
	}
	return lab.Errorf(lab.NotFound, "there is no %s %q, want %s", what, name, oneOf(legal)).WithHint("%s", nearHint(name, legal))
}
