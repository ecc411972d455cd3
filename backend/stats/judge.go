package stats

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rng"
)

// The three verdicts.
const (
	Held       = "held"
	NotHeld    = "not held"
	CannotTell = "cannot tell"
)

// Look tells Judge under which circumstances it looks.
type Look struct {
	Early    bool // runs are still going on: what comes out is a view, no verdict
	Extended int  // how often seeds were added after a look
	Open     bool // seeds may still be added after this look
}

// Alpha is the share of wrong verdicts that this look may spend. With seeds fixed before the run and never added to it is 0.05. Where
// seeds may be added, look k (k = 0, 1, ...) spends 0.05 / 2^(k+1), so that all looks together stay below 0.05.
func (l Look) Alpha() float64 {
	if l.Extended == 0 && !l.Open {
		return 0.05
	}
	return math.Ldexp(0.05, -min(l.Extended+1, 40))
}

// Verdict is what the seeds say about a claim.
type Verdict struct {
	Name     string        `json:"name"`
	Text     string        `json:"text"`     // expressions and bounds on one line
	Verdict  string        `json:"verdict"`  // held, not held, cannot tell
	Sentence string        `json:"sentence"` // the verdict in words, with its numbers
	Parts    []PartVerdict `json:"parts"`
	Seeds    []uint64      `json:"seeds"` // the seeds that were asked for
	Early    bool          `json:"early"`
	Extended int           `json:"extended"`
	Alpha    lab.Float     `json:"alpha"` // the intervals are at level 1 - alpha
}

// PartVerdict is the same for one part.
type PartVerdict struct {
	Expr        string    `json:"expr"`
	Bound       string    `json:"bound"`
	Verdict     string    `json:"verdict"`
	Mean        lab.Float `json:"mean"`
	Low         lab.Float `json:"low"` // NaN with fewer than two seeds
	High        lab.Float `json:"high"`
	Half        lab.Float `json:"half"` // half-width of the interval
	SD          lab.Float `json:"sd"`
	N           int       `json:"n"`       // seeds with a value
	Missing     int       `json:"missing"` // seeds without one; per_seed says why
	Holding     int       `json:"holding"` // seeds whose own value satisfies the bound
	P           lab.Float `json:"p"`       // two-sided sign-flip test against the nearest end of the bound
	PFloor      lab.Float `json:"p_floor"` // no smaller p is possible with so many seeds
	SeedsNeeded int       `json:"seeds_needed"`
	PerSeed     PerSeed   `json:"per_seed"`
}

// Judge evaluates the claim over the seeds and compares the Student t interval of each part with its bound: held when the whole
// interval satisfies it, not held when no point of it does, else cannot tell. Of several parts all must hold: one that is not held
// decides, else one that cannot be told. Parts are not corrected for being several, since claiming that all hold when one does not
// is wrong with probability at most alpha (intersection-union test: Berger, Technometrics 24, 1982). Equal values have a point for an
// interval; fewer than two values cannot tell. SeedsNeeded is 0 where unknown or where the verdict stands.
func Judge(claim Claim, src Source, seeds []uint64, look Look) Verdict {
	v := Verdict{
		Name: claim.Name, Text: claim.String(), Verdict: Held, Seeds: seeds,
		Early: look.Early, Extended: look.Extended, Alpha: lab.Float(look.Alpha()),
	}
	for _, part := range claim.Parts {
		pv := judgePart(part, Evaluate(part.Expr, src, seeds), look.Alpha())
		v.Parts = append(v.Parts, pv)
		if pv.Verdict == NotHeld || v.Verdict == Held {
			v.Verdict = pv.Verdict
		}
	}
	v.Sentence = sentence(v)
	return v
}

func judgePart(part Part, values PerSeed, alpha float64) PartVerdict {
	xs := values.Values()
	i := Student(xs, alpha)
	pv := PartVerdict{
		Expr: part.Expr.String(), Bound: part.Bound.String(), PerSeed: values,
		Mean: i.Mean, Low: i.Low, High: i.High, Half: lab.Float(i.Half()), SD: i.SD, N: i.N, Missing: len(xs) - i.N,
	}
	for _, x := range xs {
		if part.Bound.Holds(x) { // a NaN satisfies nothing
			pv.Holding++
		}
	}
	pv.Verdict = decide(part.Bound, i)
	edge := part.Bound.edge(float64(i.Mean))
	if pv.Verdict == CannotTell {
		pv.SeedsNeeded = SeedsNeeded(math.Abs(float64(i.Mean)-edge), float64(i.SD), alpha)
	}
	flip := SignFlip(minus(xs, edge), flipStream(xs))
	pv.P, pv.PFloor = flip.P, flip.Floor
	return pv
}

// decide compares an interval with a bound.
func decide(b Bound, i Interval) string {
	low, high := float64(i.Low), float64(i.High)
	switch {
	case math.IsNaN(low):
		return CannotTell
	case b.above(low) && b.below(high):
		return Held
	case !b.above(high) || !b.below(low):
		return NotHeld
	}
	return CannotTell
}

func minus(xs []float64, edge float64) []float64 {
	out := make([]float64, len(xs))
	for i, x := range xs {
		out[i] = x - edge
	}
	return out
}

// flipStream is a stream that depends on the values alone, so that the same seeds always give the same p.
func flipStream(xs []float64) *rng.Stream {
	var sum uint64
	for _, x := range xs {
		sum = bits.RotateLeft64(sum, 7) ^ math.Float64bits(x)
	}
	return rng.New(sum, "sign-flip")
}

// sentence says in words what decided the verdict: the first part that has the verdict of the whole.
func sentence(v Verdict) string {
	for _, p := range v.Parts {
		if p.Verdict != v.Verdict {
			continue
		}
		text := fmt.Sprintf("%s: %s", v.Verdict, measured(p))
		if len(v.Parts) > 1 && v.Verdict != Held {
			text += " for " + p.Expr
		}
		return text
	}
	return v.Verdict
}

func measured(p PartVerdict) string {
	if p.N == 0 {
		return "no seed has a value"
	}
	text := fmt.Sprintf("%.3g", float64(p.Mean))
	if p.N > 1 {
		text += fmt.Sprintf(" (%.3g to %.3g)", float64(p.Low), float64(p.High))
	}
	text += fmt.Sprintf(", wanted %s, over %s, satisfied in %d", p.Bound, plural(p.N, "seed"), p.Holding)
	if p.Missing > 0 {
		text += fmt.Sprintf("; %s without a value", plural(p.Missing, "seed"))
	}
	if p.Verdict == CannotTell && p.SeedsNeeded > 0 {
		text += fmt.Sprintf("; half-width %.3g, it would take about %d seeds", float64(p.Half), p.SeedsNeeded)
	}
	return text
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
