package mathworld

import (
	"strings"
)

// Trace is a question with written work of stated quality.
type Trace struct {
	*Problem
	Work     string // steps and restating lines, one a line, last the answer; without End
	Wrong    int    // steps that do not follow from the lines before
	Restates int    // restating lines
	Right    bool   // the answer is right, which it can be by luck after wrong steps
}

// Trace returns work on the training question of that seed. Mistakes in the knobs are errors of code invalid.
func (a *Arithmetic) Trace(seed uint64, k TraceKnobs) (Trace, error) {
	if err := k.Validate(); err != nil {
		return Trace{}, err
	}
	p, err := a.Problem(Train, seed)
	if err != nil {
		return Trace{}, err
	}
	return p.Trace(seed, k), nil
}

// workKey keeps the chance of the work apart from that of the question with the same seed.
const workKey = 0x77_6f_72_6b

// Trace writes work on the problem; the seed decides where it goes wrong and where it restates. The knobs are taken as valid.
func (p *Problem) Trace(seed uint64, k TraceKnobs) Trace {
	d := dice{key: seed ^ workKey<<32}
	values, before := append([]int(nil), p.Start...), append([]int(nil), p.Start...)
	t := Trace{Problem: p}
	var b strings.Builder
	b.Grow(22*len(p.Ops) + 16)
	for i, o := range p.Ops {
		read := values[o.Source]
		value := o.apply(read, p.Modulus)
		if d.chance(k.Wrong) {
			read, value = p.slip(&d, k, o, read, before[o.Source])
			t.Wrong++
		}
		before[o.Target], values[o.Target] = values[o.Target], value
		p.writeStep(&b, i, read, value)
		if d.chance(k.Restate) {
			p.writeState(&b, i, values)
			t.Restates++
		}
	}
	b.WriteString(answerWord + " ")
	writeValue(&b, p.Asked, values[p.Asked])
	t.Work, t.Right = b.String(), values[p.Asked] == p.Answer()
	return t
}

// slip returns what a wrong step reads and makes of it, where the source is at now and was at before.
func (p *Problem) slip(d *dice, k TraceKnobs, o Operation, now, before int) (read, value int) {
	if k.Slip == SlipStale && before != now {
		return before, o.apply(before, p.Modulus)
	}
	return now, d.other(p.Modulus, o.apply(now, p.Modulus))
}

// writeStep writes "s4 y 28 +3 x 31".
func (p *Problem) writeStep(b *strings.Builder, i, read, value int) {
	o := p.Ops[i]
	p.writeNumber(b, i)
	writeValue(b, o.Source, read)
	b.WriteByte(' ')
	b.WriteString(o.word())
	b.WriteByte(' ')
	writeValue(b, o.Target, value)
	b.WriteByte('\n')
}

func (p *Problem) writeState(b *strings.Builder, i int, values []int) {
	b.WriteString(stateWord + " ")
	p.writeNumber(b, i)
	for v, value := range values {
		if v > 0 {
			b.WriteByte(' ')
		}
		writeValue(b, v, value)
	}
	b.WriteByte('\n')
}
