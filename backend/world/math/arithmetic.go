package mathworld

import (
	"strconv"

	"github.com/loci-lab/loci/backend/world"
)

// Arithmetic is the world running-arithmetic: start values of a few variables and a list of numbered operations on them, all visible
// from the beginning; the answer is one variable's value at the end. Work is written a line a step, and only the variables that the step
// reads and changes are named, so whoever loses the beginning of the work (a chunk ends) knows the others only if a line restated them.
//
// An answer reads, for example, "s4 y 28 +3 x 31" for each step, "state s4 x 31 y 28" where all variables are restated (legal at any
// time), and last "answer x 31". That the value which is read is written beside what is done to it, and the variable beside the answer,
// makes the work learnable: each word is then either copied from one place or a fact about the two words before it. Without its
// variable the answer of a small model was any variable's (experiments/LOG.md, 2026-11-21).
type Arithmetic struct {
	knobs ArithmeticKnobs
	spec  world.TextSpec
}

// NewArithmetic makes the world. Its errors are of code invalid.
func NewArithmetic(k ArithmeticKnobs) (*Arithmetic, error) {
	if err := k.Validate(); err != nil {
		return nil, err
	}
	return &Arithmetic{knobs: k, spec: world.TextSpec{Name: RunningArithmetic, Words: arithmeticWords(k.Modulus), Horizon: 1}}, nil
}

// arithmeticWords depends on nothing but the modulus, so that one model serves every length and every number of variables.
func arithmeticWords(modulus int) []string {
	words := []string{askWord, answerWord, stateWord, "*2"}
	for i := range variables {
		words = append(words, variables[i:i+1])
	}
	for add := 1; add <= maxOperand; add++ {
		words = append(words, Operation{Add: add}.word(), Operation{Add: -add}.word())
	}
	for step := 1; step <= maxSteps; step++ {
		words = append(words, "s"+strconv.Itoa(step))
	}
	for v := range modulus {
		words = append(words, strconv.Itoa(v))
	}
	return words
}

// Spec returns the shape of the world.
func (a *Arithmetic) Spec() world.TextSpec { return a.spec }

// Splits returns train and test. Both have questions of all lengths; for longer test questions make a second world with other knobs:
// an item that is in the training split of one world is in no test split of another.
func (a *Arithmetic) Splits() []string { return []string{Train, Test} }

// Problem returns the question of that seed in that split; an unknown split is an error of code invalid.
func (a *Arithmetic) Problem(split string, seed uint64) (*Problem, error) {
	if split != Train && split != Test {
		return nil, unknownSplit(RunningArithmetic, split, a.Splits())
	}
	d := dice{key: seed}
	for {
		if p := a.draw(&d); isTest(p.item()) == (split == Test) {
			return p, nil
		}
	}
}

func (a *Arithmetic) draw(d *dice) *Problem {
	k := &a.knobs
	n := d.between(k.Shortest, k.Longest)
	p := &Problem{Modulus: k.Modulus, Start: make([]int, k.Live), Ops: make([]Operation, n)}
	p.First = d.between(1, maxSteps-n+1)
	p.Asked = d.below(k.Live)
	for v := range p.Start {
		p.Start[v] = d.below(k.Modulus)
	}
	target := d.below(k.Live)
	for i := range p.Ops {
		if k.Live > 1 && !d.chance(k.Stay) {
			target = d.other(k.Live, target)
		}
		p.Ops[i] = a.operation(d, target)
	}
	return p
}

func (a *Arithmetic) operation(d *dice, target int) Operation {
	k := &a.knobs
	o := Operation{Source: target, Target: target}
	if k.Live > 1 && d.chance(k.Reads) {
		o.Source = d.other(k.Live, target)
	}
	if !d.chance(k.Doubling) {
		if o.Add = d.between(1, k.Operand); d.chance(0.5) {
			o.Add = -o.Add
		}
	}
	return o
}
