package memrl

import (
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/stats"
)

// use is one entry in one prompt: what it was worth before, and what came of the episode.
type use struct {
	Value   float64
	Success bool
}

// tally sums up one epoch. It is part of the kept state.
type tally struct {
	Episodes, Solved, Forgotten, WasSolved int
	Read, Empty                            int            // entries read; episodes that read none
	Styles                                 map[string]int // entries read, by style
	Successes                              int            // entries read that came of a success
	Wrote                                  map[string]int // entries offered, by style
	Context, Steps, Unknown                float64        // sums over episodes: largest context, turns, answers not understood
	Uses                                   []use
}

// add takes an episode in. before tells whether the task was solved in the epoch before.
func (t *tally) add(p *played, before bool) {
	t.Episodes++
	t.Context, t.Steps, t.Unknown = t.Context+float64(p.peak()), t.Steps+float64(len(p.turns)), t.Unknown+p.info.Numbers["unknown"]
	if p.info.Success {
		t.Solved++
	}
	if before {
		t.WasSolved++
		if !p.info.Success {
			t.Forgotten++
		}
	}
	t.read(p)
}

func (t *tally) read(p *played) {
	if len(p.reading.Entries) == 0 {
		t.Empty++
	}
	if t.Styles == nil {
		t.Styles, t.Wrote = map[string]int{}, map[string]int{}
	}
	for i := range p.reading.Entries {
		e := &p.reading.Entries[i]
		t.Read++
		t.Styles[styleOf(e)]++
		if v, ok := e.Numbers[mem.NumValue]; ok {
			t.Uses = append(t.Uses, use{float64(v), p.info.Success})
		}
	}
}

// measure is one number for the record.
type measure struct {
	name  string
	value float64
}

// measures are those of the epoch. What cannot be told is NaN and left out.
func (t *tally) measures() []measure {
	n := float64(t.Episodes)
	all := []measure{
		{MetricSuccess, float64(t.Solved) / n},
		{MetricForgetting, float64(t.Forgotten) / n},
		{MetricContext, t.Context / n},
		{MetricSteps, t.Steps / n},
		{MetricUnknown, t.Unknown / math.Max(t.Steps, 1)},
		{MetricRead, float64(t.Read) / n},
		{MetricEmpty, float64(t.Empty) / n},
		{MetricQCorr, t.correlation()},
		{MetricQSpread, t.gap()},
	}
	for _, s := range written() {
		if t.Read > 0 {
			all = append(all, measure{MetricReadStyle + s, float64(t.Styles[s]) / float64(t.Read)})
		}
		all = append(all, measure{MetricWroteStyle + s, float64(t.Wrote[s]) / n})
	}
	return all
}

// correlation is the rank correlation between the value of an entry before it was read and the success of the episode that read it.
func (t *tally) correlation() float64 {
	values, came := make([]float64, len(t.Uses)), make([]float64, len(t.Uses))
	for i, u := range t.Uses {
		values[i] = u.Value
		if u.Success {
			came[i] = 1
		}
	}
	if len(values) < 3 {
		return math.NaN()
	}
	return stats.RankCorr(values, came)
}

// gap is by how much successes were read out of entries of higher value than failures.
func (t *tally) gap() float64 {
	var sum, n [2]float64
	for _, u := range t.Uses {
		at := 0
		if u.Success {
			at = 1
		}
		sum[at], n[at] = sum[at]+u.Value, n[at]+1
	}
	return sum[1]/n[1] - sum[0]/n[0]
}

// emitAll puts numbers into the record; what is NaN is left out.
func emitAll(emit lab.Emitter, x int, values []measure) error {
	for _, v := range values {
		if math.IsNaN(v.value) {
			continue
		}
		if err := emit.Emit(lab.Metric{Name: v.name, X: int64(x), Value: lab.Float(v.value)}); err != nil {
			return err
		}
	}
	return nil
}
