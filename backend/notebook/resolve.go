package notebook

import (
	"encoding/json"
	"fmt"
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
}

// Overrides are what a caller asks for in place of what the notebook says. Zero values leave the notebook's word.
type Overrides struct {
	Arms  []string
	Cases []string // by full name or by the name of one condition
	Seeds []uint64
	Model string
	Sweep string         // run this sweep in place of the arms
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
	p := planner{doc: d, budget: budget, model: model, set: extra(over.Set), seeds: d.pickSeeds(budget, over), first: budget == "fast" && len(run.Fast.Cases) == 0 && len(over.Cases) == 0}
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
				out = append(out, Planned{Arm: arm.Name, Case: k.Name, Seed: seed, Setup: setup})
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
		sweeps := d.Sweeps()
		i := slices.IndexFunc(sweeps, func(s Sweep) bool { return s.Name == over.Sweep })
		if i < 0 {
			return nil, noSuch("sweep", over.Sweep, sweepNames(sweeps))
		}
		arms = d.sweepArms(sweeps[i])
	}
	wanted := over.Arms
	if fast := d.Run().Fast.Arms; len(wanted) == 0 && budget == "fast" && over.Sweep == "" {
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

func (d *Document) pickSeeds(budget string, over Overrides) []uint64 {
	if len(over.Seeds) > 0 {
		return over.Seeds
	}
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

// size is the number of combinations of a sweep.
func (s Sweep) size() int {
	n := 1
	for _, axis := range s.Over {
		n *= len(axis.Values)
	}
	return n
}

// sweepArms makes an arm for every combination of a sweep's values on every arm that it tunes. The values replace what the arm sets.
func (d *Document) sweepArms(s Sweep) []Arm {
	var out []Arm
	for _, arm := range d.Arms() {
		if len(s.Arms) > 0 && !slices.Contains(s.Arms, arm.Name) {
			continue
		}
		made := []Arm{arm}
		for _, axis := range s.Over {
			made = s.spread(made, axis)
		}
		out = append(out, made...)
	}
	return out
}

// spread gives every arm every value of an axis; the name says which: lstm@rl.rate=0.001.
func (s Sweep) spread(arms []Arm, axis Axis) []Arm {
	var out []Arm
	for _, a := range arms {
		for i, v := range axis.Values {
			text, ok := v.(string)
			if !ok {
				text = schema.Show(v)
			}
			rest := slices.DeleteFunc(slices.Clone(a.Set), func(o Override) bool { return o.Path == axis.Path })
			b := a
			b.Name = fmt.Sprintf("%s@%s=%s", a.Name, axis.Path, text)
			b.Set = append(rest, Override{Path: axis.Path, Value: v, name: axis.name, at: axis.at[i], cell: axis.cell, by: fmt.Sprintf("sweep %q", s.Name)})
			out = append(out, b)
		}
	}
	return out
}
