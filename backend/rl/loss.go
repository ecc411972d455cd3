package rl

import (
	"math"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// The numbers that a loss may have in its Config.
const (
	ClipLow   = "clip_low_threshold"  // least ratio, absolute
	ClipHigh  = "clip_high_threshold" // largest ratio, absolute
	Beta      = "beta"                // of DRO: strength of the quadratic term
	DeltaLow  = "delta_low"           // of DPPO: how far a probability may fall
	DeltaHigh = "delta_high"          // of DPPO: how far a probability may rise
	ValueClip = "value_clip"          // of PPOCritic: how far a value may move from the one when the row was made
)

// Losses are the names of all losses.
func Losses() []string {
	return []string{CrossEntropy, ImportanceSampling, PPO, CISPO, DRO, GSPO, DPPO, PPOCritic}
}

// lossNumber is one number of a loss and its default, NaN where there is none and the caller must set it.
type lossNumber struct {
	name  string
	usual float64
}

// lossNumbers lists what a loss may have in its Config; known is false for a name that is no loss. The bounds of CISPO are those that
// the hosted service has now; its older documents had 0.8 and 1.2.
func lossNumbers(name string) (ns []lossNumber, known bool) {
	switch name {
	case CrossEntropy, ImportanceSampling:
	case PPO, GSPO:
		ns = []lossNumber{{ClipLow, 0.8}, {ClipHigh, 1.2}}
	case CISPO:
		ns = []lossNumber{{ClipLow, 0}, {ClipHigh, 4}}
	case DRO:
		ns = []lossNumber{{Beta, math.NaN()}}
	case DPPO:
		ns = []lossNumber{{DeltaLow, 0.2}, {DeltaHigh, 0.2}}
	case PPOCritic:
		ns = []lossNumber{{ValueClip, 0.2}}
	default:
		return nil, false
	}
	return ns, true
}

// number is what a loss has under that name: its own, or the default.
func (l Loss) number(name string) float64 {
	if v, ok := l.Config[name]; ok {
		return v
	}
	ns, _ := lossNumbers(l.Name)
	for _, n := range ns {
		if n.name == name {
			return n.usual
		}
	}
	return math.NaN()
}

// Check returns an error of code invalid for an unknown loss, an unknown or missing number, or one out of range.
func (l Loss) Check() error {
	ns, known := lossNumbers(l.Name)
	if !known {
		return lab.Errorf(lab.Invalid, "loss is %q, want one of %s", l.Name, strings.Join(Losses(), ", "))
	}
	legal := make([]string, len(ns))
	for i, n := range ns {
		legal[i] = n.name
	}
	for name := range l.Config {
		if err := oneOf(l.Name, name, legal); err != nil {
			return err
		}
	}
	for _, n := range ns {
		switch v := l.number(n.name); {
		case math.IsNaN(v) && math.IsNaN(n.usual):
			return lab.Errorf(lab.Invalid, "loss %s has no %s, and there is no default", l.Name, n.name).WithHint("set %s in its config", n.name)
		case !(v >= 0) || math.IsInf(v, 0):
			return lab.Errorf(lab.Invalid, "%s of loss %s is %v, want a finite number of at least 0", n.name, l.Name, v)
		}
	}
	if lo, hi := l.number(ClipLow), l.number(ClipHigh); lo > hi {
		return lab.Errorf(lab.Invalid, "%s of loss %s is %v, above %s %v", ClipLow, l.Name, lo, ClipHigh, hi)
	}
	return nil
}

func oneOf(loss, name string, legal []string) error {
	for _, l := range legal {
		if l == name {
			return nil
		}
	}
	if len(legal) == 0 {
		return lab.Errorf(lab.Invalid, "config of loss %s has %q, but it takes no numbers", loss, name)
	}
	return lab.Errorf(lab.Invalid, "config of loss %s has %q, want one of %s", loss, name, strings.Join(legal, ", "))
}

// CheckDatum returns an error of code invalid that names what is wrong with a row for this loss and a model of that vocabulary and
// context (tokens): lengths, ids, numbers that are not finite, bounds that the loss has no use for.
func (l Loss) CheckDatum(d *Datum, vocab, context int) error {
	if err := l.Check(); err != nil {
		return err
	}
	if n := len(d.Input); n == 0 || n > context {
		return lab.Errorf(lab.Invalid, "input has %d tokens, want 1 to %d", n, context).WithHint("shorten the row, or take a model of a longer context")
	}
	if err := l.checkArrays(d); err != nil {
		return err
	}
	if err := checkIDs("input", d.Input, vocab); err != nil {
		return err
	}
	if l.Name == PPOCritic {
		return nil
	}
	return checkIDs("targets", d.Targets, vocab)
}

func checkIDs(name string, ids []int32, vocab int) error {
	for i, id := range ids {
		if id < 0 || int(id) >= vocab {
			return lab.Errorf(lab.Invalid, "token %d of %s is %d, want 0 to %d", i, name, id, vocab-1)
		}
	}
	return nil
}

// floats is one array of a row: how long it is and must be, and whether it may be left out.
type floats struct {
	name     string
	x        []float32
	n        int
	optional bool
}

// checkArrays checks what the loss reads of a row but for ids.
func (l Loss) checkArrays(d *Datum) error {
	n, k := len(d.Input), max(d.K, 1)
	if d.K < 0 || k > 1 && l.Name != CrossEntropy {
		return lab.Errorf(lab.Invalid, "row has %d targets at a position, and loss %s takes one", d.K, l.Name)
	}
	if l.Name != PPOCritic && len(d.Targets) != n*k {
		return lab.Errorf(lab.Invalid, "row has %d targets, want %d: %d for each token of its input", len(d.Targets), n*k, k)
	}
	for _, a := range l.reads(d, n, k) {
		if err := a.check(l.Name); err != nil {
			return err
		}
	}
	return l.checkBounds(d)
}

// reads lists the arrays of a row that the loss reads.
func (l Loss) reads(d *Datum, n, k int) []floats {
	switch l.Name {
	case CrossEntropy:
		return []floats{{"weights", d.Weights, n * k, false}}
	case PPOCritic:
		return []floats{{"values", d.Values, n, false}, {"returns", d.Returns, n, false}, {"weights", d.Weights, n, true}}
	}
	return []floats{{"logprobs", d.Logprobs, n, false}, {"advantages", d.Advantages, n, false}, {"weights", d.Weights, n, true},
		{ClipLow, d.Low, n, true}, {ClipHigh, d.High, n, true}}
}

func (a floats) check(loss string) error {
	if a.x == nil && a.optional {
		return nil
	}
	if len(a.x) != a.n {
		return lab.Errorf(lab.Invalid, "row has %d %s, and loss %s wants %d", len(a.x), a.name, loss, a.n)
	}
	for i, v := range a.x {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return lab.Errorf(lab.Invalid, "entry %d of %s is %v, want a finite number", i, a.name, v)
		}
	}
	return nil
}

// checkBounds refuses bounds of a row that the loss would not look at: a run must not train something else than it says.
func (l Loss) checkBounds(d *Datum) error {
	if d.Low == nil && d.High == nil {
		return nil
	}
	if l.Name != PPO && l.Name != CISPO && l.Name != GSPO {
		return lab.Errorf(lab.Invalid, "row has bounds of the ratio, and loss %s has none; want %s, %s or %s", l.Name, PPO, CISPO, GSPO)
	}
	low, high := l.number(ClipLow), l.number(ClipHigh)
	for t := range d.Input {
		if lo, hi := d.bounds(t, low, high); !(lo <= hi) {
			return lab.Errorf(lab.Invalid, "at position %d the least ratio %v is above the largest, %v", t, lo, hi)
		}
	}
	return nil
}
