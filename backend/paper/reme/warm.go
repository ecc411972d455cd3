package reme

import (
	"errors"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/trainer/base"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/tool"
)

// What the rows of a warm start are made of, beside the knobs.
const (
	mostRules  = 5    // lessons in a prompt
	mostSteps  = 5    // steps in a row
	noRules    = 0.1  // share of rows without a lesson
	covered    = 0.9  // share of the goals of a row that a lesson is about, in the other rows
	joinedRows = 0.2  // share of rows whose lessons stand in one line or two
	choosing   = 0.7  // share of steps at the choice of a source
	numbering  = 0.15 // share of steps at the choice of a number; the others are at any step
	refused    = 0.1  // share of those behind a call that was refused
)

// foreign marks the rules of warm starts: no run's rules have this bit.
const foreign = 1 << 63

// mixture is all that the rows depend on.
type mixture struct {
	World tool.ServicesKnobs
	Wrong float64
}

// warmStart says how the actor is warmed up: on single steps of the oracle in services with other rules than any run's, with up to five
// lessons in the prompt of which a share is wrong.
func warmStart(setup lab.Setup) (base.Spec, base.Source, error) {
	var agent AgentKnobs
	var mix mixture
	if err := errors.Join(setup.Section("agent", &agent), setup.Section("world", &mix.World)); err != nil {
		return base.Spec{}, nil, err
	}
	mix.Wrong = agent.Wrong
	mix.World.Drift, mix.World.Drifted = 0, 0 // one actor for all
	home, err := tool.New(&mix.World, foreign)
	if err != nil {
		return base.Spec{}, nil, err
	}
	words, err := llm.NewWords(home.Spec().Words)
	if err != nil {
		return base.Spec{}, nil, err
	}
	spec := base.Spec{Shape: agent.Shape(words.Size()), Words: words.List(), World: tool.Services, Knobs: agent.Knobs, Seed: uint64(agent.WarmSeed), Mix: mix}
	w := &warmer{mix: mix, words: words, home: home, first: rng.New(spec.Seed, "traces").Uint64()}
	return spec, w.row, nil
}

// warmer writes rows.
type warmer struct {
	mix   mixture
	words *llm.Words
	home  *tool.World // with any rules
	first uint64
}

// dice are draws in their order.
type dice struct{ key, drawn uint64 }

func (d *dice) next() uint64 {
	d.drawn++
	return world.Draw(d.key, d.drawn)
}

func (d *dice) unit() float64 { return world.Unit(d.next()) }

// order is 0..n-1 in any order.
func (d *dice) order(n int) []int {
	all := make([]int, n)
	for i := range all {
		j := d.below(i + 1)
		all[i], all[j] = all[j], i
	}
	return all
}

func (d *dice) below(n int) int { return world.Pick(d.next(), n) }

// step is one step of the oracle.
type step struct{ goal, told, answer string }

// row is one supervised row: lessons, and behind them some steps of the oracle in tasks of the same services, each of which is what the
// actor is told and the oracle's answer with the end token; the answers are trained. Only the first step looks as it does in a run: the
// others are there so that a row has several look-ups among the same lessons, without which looking up is learned much later.
func (w *warmer) row(i uint64) (rl.Datum, error) {
	d := &dice{key: world.Draw(w.first, i)}
	home := w.home.Ruled(d.next() | foreign)
	steps := make([]step, 1+d.below(mostSteps))
	for i := range steps {
		var err error
		if steps[i], err = w.step(home, d); err != nil {
			return rl.Datum{}, err
		}
	}
	var whole []int32
	var trained []bool
	add := func(text string, train bool) error {
		ids, err := w.words.Encode(text)
		if train {
			ids = append(ids, w.words.End())
		}
		for _, id := range ids {
			whole, trained = append(whole, id), append(trained, train)
		}
		return err
	}
	lines := w.lessons(home, steps, d)
	for i, s := range steps {
		if i > 0 {
			lines = nil
		}
		if err := errors.Join(add(prompt(lines, s.told), false), add(spoken(s.answer), true)); err != nil {
			return rl.Datum{}, err
		}
	}
	n := len(whole) - 1
	row := rl.Datum{Input: whole[:n], Targets: whole[1:], Weights: make([]float32, n)}
	for t := range n {
		if trained[t+1] {
			row.Weights[t] = 1
		}
	}
	return row, nil
}

// prompt is what the actor sees: lessons, the user turn, and the last reply in it.
func prompt(lines []string, told string) string {
	return strings.Join(append(slices.Clone(lines), told), "\n")
}

// spoken is an action as the actor says it, and acted as the world takes it: of a call, its first word is left out. The source then follows
// the goal in the prompt as it does in a lesson, which is what an actor of this size learns to look up.
func spoken(action string) string { return strings.TrimPrefix(action, "CALL ") }

func acted(said string) string {
	if w := strings.Fields(said); len(w) == 0 || slices.Contains(tool.Words(), w[0]) {
		return said
	}
	return "CALL " + said
}

// lessons are the lines of a row, in any order: of most goals that its steps ask for, some more than once, and of others.
func (w *warmer) lessons(home *tool.World, steps []step, d *dice) []string {
	if d.unit() < noRules {
		return nil
	}
	all, _ := tool.ServicesWant(home)
	of := func(goal string) tool.ServiceRule {
		return all[slices.IndexFunc(all, func(r tool.ServiceRule) bool { return r.Goal == goal })]
	}
	var about []tool.ServiceRule
	for _, s := range steps {
		if r := of(s.goal); !slices.Contains(about, r) && d.unit() < covered {
			about = append(about, r)
		}
	}
	for range d.below(mostRules + 1 - len(about)) {
		r := all[d.below(len(all))]
		if goal := steps[d.below(len(steps))].goal; d.unit() < 0.5 {
			r = of(goal)
		}
		about = append(about, r)
	}
	rules := make([]string, len(about))
	for i, at := range d.order(len(about)) {
		r := about[at]
		if d.unit() < w.mix.Wrong {
			r = mistaken(r, w.mix.World.Sources, d)
		}
		rules[i] = r.String()
	}
	if len(rules) > 1 && d.unit() < joinedRows {
		cut := d.below(len(rules))
		rules = append(slices.Clone(rules[:cut]), strings.Join(rules[cut:], " ; "))
	}
	return rules
}

// mistaken is a rule with another source.
func mistaken(r tool.ServiceRule, sources int, d *dice) tool.ServiceRule {
	names := tool.ServiceSources()[:sources]
	at := slices.Index(names, r.Source)
	r.Source = names[(at+1+d.below(sources-1))%sources]
	return r
}

// step is what is told on the way of the oracle, and what it does there.
func (w *warmer) step(home *tool.World, d *dice) (step, error) {
	oracle, err := home.Reference(world.Oracle, 0)
	if err != nil {
		return step{}, err
	}
	e, err := home.Begin(tool.Train, d.next()>>11)
	if err != nil {
		return step{}, err
	}
	u, spoil := d.unit(), d.unit() < refused
	var places [3][]step // at any step, at the choice of a source, at the choice of a number
	for seen := (view{}); !e.Over(); {
		seen.hear(e.Read())
		user, _ := tool.ParseServiceTurn(seen.user)
		p := step{user.Goal, seen.text(), oracle.Answer(e)}
		kind := max(len(strings.Fields(p.answer))-2, 0)
		places[kind] = append(places[kind], p)
		if u >= choosing+numbering && spoil && kind == 1 {
			p.answer = "CALL " + user.Goal + " " + user.Thing + " " + user.Number
		}
		e.Act(p.answer)
	}
	from := slices.Concat(places[0], places[1], places[2])
	switch {
	case u < choosing:
		from = places[1]
	case u < choosing+numbering:
		from = places[2]
	case spoil:
		from = places[0]
	}
	return from[d.below(len(from))], nil
}

// view is what an actor sees of an episode beside its lessons: the present user turn, and the last reply in it.
type view struct{ user, reply string }

func (v *view) hear(told string) {
	if at := strings.Index(told, "for "); strings.HasPrefix(told, "user ") && at >= 0 {
		v.user, v.reply = told[at:], ""
		return
	}
	v.reply = told
}

func (v *view) text() string {
	if v.reply == "" {
		return v.user
	}
	return v.user + "\n" + v.reply
}
