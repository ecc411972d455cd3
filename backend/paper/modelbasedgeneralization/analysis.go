package modelbasedgeneralization

import (
	"context"
	"fmt"
	"io"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/rng"
)

// analysis counts what data settle. A unit of Advance is one number of transitions; the last one emits nothing but sizes.
type analysis struct {
	knobs AnalysisKnobs
	flute *flute
	gamma float64
	seed  uint64
	done  int
}

// dataSizes are the numbers of random transitions that are looked at.
func dataSizes() []int { return []int{5, 10, 20, 30, 40, 60, 80, 120, 160, 240, 400, 800} }

func newAnalysis(setup lab.Setup, seed uint64) (lab.Method, error) {
	a := &analysis{seed: seed}
	if err := setup.Section("agent", &a.knobs); err != nil {
		return nil, err
	}
	var r DQNKnobs
	if err := setup.Section("rl", &r); err != nil {
		return nil, err
	}
	a.gamma = r.Gamma
	var err error
	a.flute, err = newFlute(a.knobs.Pipes)
	return a, err
}

// Advance counts at the next number of transitions.
func (a *analysis) Advance(ctx context.Context, emit lab.Emitter) (lab.Progress, error) {
	sizes := dataSizes()
	m := sizes[a.done]
	var table, models float64
	for d := range a.knobs.Draws {
		if err := ctx.Err(); err != nil {
			return lab.Progress{}, err
		}
		has := make(known, len(a.flute.next))
		a.flute.draw(rng.New(a.seed, fmt.Sprintf("data/%d", d)), has, m)
		table += a.share(a.flute.undisputed(has, a.gamma))
		models += a.share(a.flute.settled(a.flute.solve(a.flute.models(has, a.knobs.Parents), a.gamma)))
	}
	n := float64(a.knobs.Draws)
	err := exam.Emit(emit, int64(m), exam.Value{Name: MetricTable, Value: table / n}, exam.Value{Name: MetricFactored, Value: models / n},
		exam.Value{Name: MetricMemory, Value: 0}, exam.Value{Name: MetricContext, Value: 1})
	a.done++
	return lab.Progress{Done: int64(a.done), Total: int64(len(sizes)), Unit: "data sizes"}, err
}

func (a *analysis) share(count int) float64 { return float64(count) / float64(a.flute.states) }

// Snapshot keeps how many sizes were counted.
func (a *analysis) Snapshot(w io.Writer) error { return rl.JSON(&a.done).Snapshot(w) }

// Restore reads what Snapshot wrote.
func (a *analysis) Restore(r io.Reader) error { return rl.JSON(&a.done).Restore(r) }
