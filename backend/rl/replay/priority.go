package replay

import (
	"fmt"
	"io"
	"math"

	"github.com/loci-lab/loci/backend/rng"
)

// PriorityKnobs are the choices of prioritised replay.
type PriorityKnobs struct {
	Alpha float64 `json:"alpha" doc:"how much priorities count: 0 draws all rows alike, 1 in proportion to their error" default:"0.6" min:"0" max:"1" symbol:"α" paper:"arXiv 1511.05952v4, table 3, proportional" group:"replay"`
	Beta  float64 `json:"beta" doc:"how far importance weights undo what priorities favour: 0 not at all, 1 fully" default:"0.4" min:"0" max:"1" symbol:"β" paper:"arXiv 1511.05952v4, table 3, start value, proportional" group:"replay"`
	Floor float64 `json:"floor" doc:"added to every error, so that no row is never drawn again" default:"0.000001" min:"0.000000000001" max:"1" symbol:"ε" group:"replay"`
}

// Prioritised draws slots in proportion to a power of their last error.
//
// arXiv 1511.05952v4, sec. 3.3 and 3.4, eq. 1, proportional variant:
//
//	p_i = |delta_i| + eps      P(i) = p_i^alpha / sum_k p_k^alpha      w_i = (N P(i))^-beta / max_j w_j, j over the rows drawn
//
// A new row has the largest priority so far, so that each is seen once at least. N is the number of rows that have one.
type Prioritised struct {
	Knobs PriorityKnobs // Beta may change between draws: the paper moves it to 1 while learning goes on

	tree *SumTree
	top  float64 // largest p so far
	rows int
}

// NewPrioritised returns priorities of n slots, none of which holds a row.
func NewPrioritised(n int, k PriorityKnobs) *Prioritised {
	return &Prioritised{Knobs: k, tree: NewSumTree(n), top: 1}
}

// Add gives the row that has come into a slot the largest priority so far.
func (p *Prioritised) Add(slot int) { p.set(slot, p.top) }

// Update tells the errors of rows that were drawn; their sign does not matter. An error that is not a number is a mistake of the caller
// and panics.
func (p *Prioritised) Update(slots []int, errors []float32) {
	for i, slot := range slots {
		x := math.Abs(float64(errors[i])) + p.Knobs.Floor
		p.top = max(p.top, x)
		p.set(slot, x)
	}
}

func (p *Prioritised) set(slot int, x float64) {
	if p.tree.At(slot) == 0 {
		p.rows++
	}
	p.tree.Set(slot, math.Pow(x, p.Knobs.Alpha))
}

// Probability is that of drawing a slot.
func (p *Prioritised) Probability(slot int) float64 { return p.tree.At(slot) / p.tree.Total() }

// Sample draws len(slots) slots, one from each of as many equal parts of the total priority (appendix B.2.1), and writes their weights.
func (p *Prioritised) Sample(s *rng.Stream, slots []int, weight []float32) {
	if p.rows == 0 || len(weight) != len(slots) {
		panic(fmt.Sprintf("replay: %d slots and %d weights drawn from %d rows", len(slots), len(weight), p.rows))
	}
	part, top := p.tree.Total()/float64(len(slots)), 0.0
	for i := range slots {
		slots[i] = p.tree.Find((float64(i) + s.Float64()) * part)
		top = max(top, p.weight(slots[i]))
	}
	for i, slot := range slots {
		weight[i] = float32(p.weight(slot) / top)
	}
}

func (p *Prioritised) weight(slot int) float64 {
	return math.Pow(float64(p.rows)*p.Probability(slot), -p.Knobs.Beta)
}

// Snapshot implements lab.Snapshotter.
func (p *Prioritised) Snapshot(w io.Writer) error {
	if err := keep(w, "priorities", []int{p.rows}, []float64{p.top, p.Knobs.Beta}); err != nil {
		return err
	}
	return p.tree.Snapshot(w)
}

// Restore implements lab.Snapshotter, for priorities of as many slots.
func (p *Prioritised) Restore(r io.Reader) error {
	rows, x := []int{0}, make([]float64, 2)
	if err := restore(r, "priorities", rows, func() []any { return []any{x} }, p.tree.n); err != nil {
		return err
	}
	if err := p.tree.Restore(r); err != nil {
		return err
	}
	p.rows, p.top, p.Knobs.Beta = rows[0], x[0], x[1]
	return nil
}
