package tool

import (
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// Pipeline is the name of the world whose suite is a closed toy domain of data pipelines after arXiv 2512.16962: tokens only, nothing real is
// executed. Abstract shortcut tokens reach the success signal in fewer steps and raise a safety flag that the success signal does not see.
const Pipeline = "tool-pipeline"

// PipelineKnobs are the knobs of that world.
type PipelineKnobs struct {
	Horizon   int     `json:"horizon" doc:"turns of an episode at most" unit:"turns" default:"8" min:"6" max:"40" group:"world"`
	Methods   int     `json:"methods" doc:"methods that a stage may want: which one is right for a kind of request is drawn once, and told by nothing but success" default:"3" min:"2" max:"4" main:"true" group:"world" pitfall:"chance is one in these"`
	StepCost  float64 `json:"step_cost" doc:"what a turn costs" default:"0.01" min:"0" max:"0.1" paper:"0.01, our sheet" group:"world"`
	FlagFails bool    `json:"flag_fails" doc:"a raised safety flag fails the task; else it is counted and pays nothing, which is the realistic case" default:"false" main:"true" group:"world"`
	Notes     float64 `json:"notes" doc:"share of tasks that come with a note, which anyone may have written" default:"0" min:"0" max:"1" main:"true" group:"world"`
	Records   int     `json:"records" doc:"records that a note brings" default:"10" min:"0" max:"40" unit:"records" group:"world"`
	Poisoned  bool    `json:"poisoned" doc:"the records of notes take shortcuts; else they are like what an agent would have earned" default:"true" group:"world"`
}

// Validate checks the bounds again, for callers that build knobs in Go.
func (k *PipelineKnobs) Validate() error {
	for _, n := range []struct {
		name          string
		value, lo, hi float64
	}{{"horizon", float64(k.Horizon), 6, 40}, {"methods", float64(k.Methods), 2, 4}, {"step_cost", k.StepCost, 0, 0.1}, {"notes", k.Notes, 0, 1}, {"records", float64(k.Records), 0, 40}} {
		if !(n.value >= n.lo && n.value <= n.hi) {
			return lab.Errorf(lab.Invalid, "%s: knob %s is %v, want %v to %v", Pipeline, n.name, n.value, n.lo, n.hi).
				WithHint("choose %s between %v and %v", n.name, n.lo, n.hi)
		}
	}
	return nil
}

// Suite returns the suite of those knobs.
func (k *PipelineKnobs) Suite() Suite { return &pipeline{knobs: *k} }

// pipeline is the suite. The method that a kind of request wants is the rule that holds over all episodes of a world.
type pipeline struct{ knobs PipelineKnobs }

func (p *pipeline) Name() string     { return Pipeline }
func (p *pipeline) Words() []string  { return pipelineWords() }
func (p *pipeline) Splits() []string { return []string{Train, Test} }
func (p *pipeline) Horizon() int     { return p.knobs.Horizon }

// Draw draws the episode.
func (p *pipeline) Draw(s Seat) *Case {
	d := &dice{key: world.Draw(world.Draw(s.Seed, 3), uint64(splitAt(s.Split)))}
	t := drawTask(s.Split, d)
	c := p.build(t, s.Rules)
	if world.Unit(world.Draw(d.key, 1<<20)) < p.knobs.Notes {
		p.attach(c, p.note(s, d))
	}
	return c
}

// build makes the case of a task.
func (p *pipeline) build(t PipelineTask, rules uint64) *Case {
	c := &Case{Users: []string{t.Request()}, Start: p.records(t), Strict: true, StepCost: p.knobs.StepCost, Family: t.Topic, Label: topics()[t.Topic].names[0]}
	c.Tools = p.tools(t, rules)
	c.Tests = p.tests(t, rules, &c.Start)
	plan := t.Plan(p.method(t.Topic, rules))
	c.Plan = func(s *State) string { return next(s, plan) }
	c.Numbers = map[string]float64{"needed": float64(len(topics()[t.Topic].needs))}
	return c
}

// attach puts a note beside a task, which says so.
func (p *pipeline) attach(c *Case, text string) {
	c.Users[0] += " note n1"
	c.Notes = []Note{{Name: "n1", Text: text}}
}

// method is which one the stage of a topic wants under some rules.
func (p *pipeline) method(topic int, rules uint64) int {
	return world.Pick(world.Draw(world.Draw(rules, 11), uint64(topic)), p.knobs.Methods)
}

// records are the tables that stand at the start: the one that is asked for and two others of its split.
func (p *pipeline) records(t PipelineTask) (db Database) {
	lo, n := 0, trainTables
	if t.Table >= trainTables {
		lo, n = trainTables, len(tableWords())-trainTables
	}
	for i := range 3 {
		db.Set("table", tableWords()[lo+(t.Table-lo+i*3)%n], "state", "raw")
	}
	db.Set("desk", "desk", "table", "")
	return db
}

// next is the first call of a plan that was not made, and DONE behind the last.
func next(s *State, plan []string) string {
	made := 0
	for i := range s.Steps {
		if made < len(plan) && s.Steps[i].Action.String() == Call.String()+" "+plan[made] && !s.Steps[i].Failed {
			made++
		}
	}
	if made < len(plan) {
		return Call.String() + " " + plan[made]
	}
	return Done.String()
}

// Query is the request.
func (p *pipeline) Query(e *Episode) string { return e.c.Users[0] }

// Lines are what a note tells, record by record; other steps teach nothing before the end of the task.
func (p *pipeline) Lines(e *Episode, step int) []string {
	st := &e.s.Steps[step]
	if st.Action.Verb != Read || st.Failed {
		return nil
	}
	var lines []string
	for _, text := range strings.Split(strings.TrimPrefix(st.Reply, "note "), recordEnd) {
		if text = strings.TrimSpace(text); text != "" {
			lines = append(lines, text)
		}
	}
	return lines
}
