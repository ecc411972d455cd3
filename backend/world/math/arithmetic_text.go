package mathworld

import (
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// Start returns the episode of that seed in that split: the question, answered once. The reward is 1 for the right answer, else 0.
func (a *Arithmetic) Start(split string, seed uint64) (world.Dialogue, error) {
	p, err := a.Problem(split, seed)
	if err != nil {
		return nil, err
	}
	return &episode{
		question: p.Question(), solution: p.Trace(0, TraceKnobs{}).Work, blind: answerWord + " " + strconv.Itoa(p.forgetful()),
		judge: p.verdict, marks: p.scene, info: world.Info{Seed: seed & seedBits},
	}, nil
}

func (p *Problem) verdict(work string) verdict {
	c := p.Check(work)
	v := verdict{right: c.Correct, numbers: map[string]float64{
		"steps": float64(c.Steps), "sound": float64(c.Sound), "right": float64(c.Right), "restates": float64(c.Restates),
		"faithful": float64(c.Faithful), "junk": float64(c.Junk), "tokens": float64(c.Tokens), "operations": float64(len(p.Ops)),
	}}
	switch {
	case !c.Answered:
		v.note = "no answer: want \"" + answerWord + "\", the variable and a whole number from 0 to " + strconv.Itoa(p.Modulus-1)
	case c.Correct:
		v.reward = 1
	}
	if c.Answered {
		v.numbers["answer"] = float64(c.Answer)
	}
	return v
}

func (p *Problem) scene() lab.Scene {
	return lines("cue", p.Answer(), strings.Split(p.Question(), "\n")...)
}

// forgetful is the answer of somebody who cannot take a value from one step to the next: the last operation that changes the asked
// variable, done on its source's start value.
func (p *Problem) forgetful() int {
	for i := len(p.Ops) - 1; i >= 0; i-- {
		if o := p.Ops[i]; o.Target == p.Asked {
			return o.apply(p.Start[o.Source], p.Modulus)
		}
	}
	return p.Start[p.Asked]
}

// Reference returns one of world.References. The oracle writes the work from inside; full-memory reads the question and carries out
// every operation, so it says the same; memory-free does the last operation that matters on a start value; random names any number.
func (a *Arithmetic) Reference(name string, seed uint64) (world.Speaker, error) {
	switch name {
	case world.Oracle:
		return speaker(func(e *episode) string { return e.solution }), nil
	case world.Random:
		d := &dice{key: seed}
		return speaker(func(*episode) string { return answerWord + " " + strconv.Itoa(d.below(a.knobs.Modulus)) }), nil
	case world.MemoryFree:
		return speaker(func(e *episode) string { return e.blind }), nil
	case world.FullMemory:
		return speaker(a.work), nil
	}
	return nil, unknownReference(RunningArithmetic, name)
}

// work solves what it reads.
func (a *Arithmetic) work(e *episode) string {
	p, err := ReadProblem(e.Read(), a.knobs.Modulus)
	if err != nil {
		return ""
	}
	return p.Trace(0, TraceKnobs{}).Work
}

// ReadProblem reads what Question wrote. Errors are of code invalid.
func ReadProblem(question string, modulus int) (*Problem, error) {
	p := &Problem{Modulus: modulus, Start: make([]int, maxLive)} // six names are legal until the start values are counted
	r := p.reader(question)
	live := 0
	for v, ok := r.variable(0); ok && v == live && live < maxLive; v, ok = r.variable(0) {
		value, isValue := r.whole(1)
		if !isValue {
			break
		}
		p.Start[live] = value
		live, r.pos = live+1, r.pos+2
	}
	p.Start, r.values = p.Start[:live], r.values[:live]
	for r.operation() {
	}
	asked, ok := r.variable(1)
	if live == 0 || r.word(0) != askWord || !ok || r.pos+2 != len(strings.Fields(question)) {
		return nil, lab.Errorf(lab.Invalid, "%s: question %q cannot be read at word %d, want start values, operations and what is asked",
			RunningArithmetic, question, r.pos+1)
	}
	p.Asked = asked
	return p, nil
}

// operation reads "s4 y +3 x" of a question and adds it to the problem.
func (r *reader) operation() bool {
	number, ok := r.number(0)
	source, isSource := r.variable(1)
	add, isAdd := parseOperation(r.word(2))
	target, isTarget := r.variable(3)
	p := r.problem
	if !ok || !isSource || !isAdd || !isTarget || len(p.Ops) > 0 && number != p.First+len(p.Ops) {
		return false
	}
	if len(p.Ops) == 0 {
		p.First = number
	}
	p.Ops = append(p.Ops, Operation{source, add, target})
	r.pos += 4
	return true
}
