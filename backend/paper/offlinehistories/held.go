package offlinehistories

import (
	"fmt"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/rl/replay"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world/stitch"
)

// held are trajectories that no learner trains on; J and the distances are measured on them, in the same way for every arm.
type held struct {
	data  *dataset
	batch replay.Windows
	pairs []couple // steps with the same action of different trajectories
	seed  uint64
}

func newHeld(k WorldKnobs, sees string, n int, seed uint64) (*held, error) {
	d, err := newDataset(k, sees, n, 1, rng.New(seed, "held out").Uint64())
	if err != nil {
		return nil, err
	}
	h := &held{data: d, seed: seed}
	d.all(&h.batch)
	h.pairs = couples(rng.New(seed, "held out pairs"), h.batch.Action, h.batch.Mask, n, acts, true)
	return h, nil
}

// distances are mean latent distances |z - z~|_1 of pairs of histories from different trajectories.
type distances struct {
	same, other       float64 // with the same true state, and with different ones
	merged, hubOthers float64 // at the hub: from A against from B with the same hidden bit, and with different bits
}

// measure encodes the held-out trajectories and returns J, by the one definition that holds for all arms, with the latents [T+1][n][z].
func (h *held) measure(l *learner) (bisimilar, *num.Tensor) {
	n := len(h.batch.At)
	t := num.NewTape(l.core)
	z := l.net.encode(t, h.batch.Obs, num.New("state0", n, l.agent.Width), h.batch.Fresh)
	x := new(join).record(t, z, h.batch.Action, acts, 0)
	r, p := l.model.reward.Sequence(t, x, nil, nil), l.model.next.Sequence(t, x, nil, nil)
	return bisimulation(h.pairs, z, r, p, l.knobs.Gamma, 0, nil), z
}

// place is the true state of a row as far as a history can tell it: on the first cells the bit has not been shown. Start is the corridor.
func (h *held) place(row int) (state int, start int32) {
	n := len(h.batch.At)
	w := &h.data.walks[row%n]
	if state = w.Truth[row/n]; row/n == 0 {
		state -= state % 2
	}
	return state, w.Start
}

// distances compares pairs of lived steps, drawn once and for all.
func (h *held) distances(z *num.Tensor) (out distances) {
	s := rng.New(h.seed, "distances")
	var rows, hub []int
	for i, m := range h.batch.Mask {
		if m == 0 {
			continue
		}
		rows = append(rows, i)
		if state, _ := h.place(i); state/2 == int(stitch.CellHub) {
			hub = append(hub, i)
		}
	}
	var same, other, merged, apart mean
	for range 40000 {
		h.compare(z, rows[s.IntN(len(rows))], rows[s.IntN(len(rows))], func(d float64, sa, sb int, _, _ int32) {
			if sa == sb {
				same.add(d)
			} else {
				other.add(d)
			}
		})
	}
	for range 4000 {
		if len(hub) == 0 {
			break
		}
		h.compare(z, hub[s.IntN(len(hub))], hub[s.IntN(len(hub))], func(d float64, sa, sb int, from, other int32) {
			if sa != sb {
				apart.add(d)
			} else if from != other {
				merged.add(d)
			}
		})
	}
	return distances{same.of(), other.of(), merged.of(), apart.of()}
}

func (h *held) compare(z *num.Tensor, a, b int, f func(d float64, sa, sb int, from, other int32)) {
	if n := len(h.batch.At); a%n == b%n {
		return
	}
	sa, from := h.place(a)
	sb, other := h.place(b)
	f(apart(z, a, b), sa, sb, from, other)
}

// apart is |z_a - z_b|_1.
func apart(z *num.Tensor, a, b int) (d float64) {
	w := z.Last()
	for i := range w {
		d += math.Abs(float64(z.Data[a*w+i]) - float64(z.Data[b*w+i]))
	}
	return d
}

// mean of numbers that come one by one.
type mean struct {
	sum float64
	n   int
}

func (m *mean) add(x float64) { m.sum += x; m.n++ }

func (m *mean) of() float64 { return m.sum / float64(m.n) }

// shown picks some histories for the pictures: at most three for each start and each true state at the hub and on the first cells of the exits.
func (h *held) shown() (rows []int) {
	for state := range stitch.States {
		if c := int32(state / 2); c < stitch.CellHub || c > stitch.CellHub && c%3 != 1 {
			continue
		}
		for _, start := range []int32{stitch.StartA, stitch.StartB} {
			got := 0
			for row, lived := range h.batch.Mask {
				if lived == 0 || got == 3 {
					continue
				}
				if s, from := h.place(row); s == state && from == start {
					rows, got = append(rows, row), got+1
				}
			}
		}
	}
	return rows
}

// pictures are the steps of an episode that shows the latent space: two projections on a plane, one told by true state, one by start
// corridor, and the distances of histories ordered by true state.
func (h *held) pictures(z *num.Tensor) []lab.Step {
	rows := h.shown()
	xy := project(z, rows)
	byState, byStart := lab.Scene{W: side, H: side}, lab.Scene{W: side, H: side}
	matrix := lab.Scene{W: len(rows) + 1, H: len(rows) + 1}
	var far mean
	for _, a := range rows {
		for _, b := range rows {
			far.add(apart(z, a, b))
		}
	}
	for i, row := range rows {
		state, start := h.place(row)
		name := stitch.StateName(state) + " from " + []string{"A", "B"}[start]
		byState.Marks = append(byState.Marks, lab.Mark{X: xy[i][0], Y: xy[i][1], Shape: "cube", Label: stitch.StateName(state), Tone: 1 + state%7})
		byStart.Marks = append(byStart.Marks, lab.Mark{X: xy[i][0], Y: xy[i][1], Shape: "cube", Label: []string{"from A", "from B"}[start], Tone: 1 + int(start)})
		matrix.Marks = append(matrix.Marks, lab.Mark{X: 0, Y: i + 1, Shape: "cue", Label: name}, lab.Mark{X: i + 1, Y: 0, Shape: "cue", Label: name})
		for j, other := range rows {
			d := apart(z, row, other)
			m := lab.Mark{X: j + 1, Y: i + 1, Shape: "floor", Label: fmt.Sprintf("%.2f", d)}
			if d < far.of()/2 {
				m.Shape = "cube"
			}
			matrix.Marks = append(matrix.Marks, m)
		}
	}
	return []lab.Step{
		{T: 0, Saw: "latent states on their two main axes, told by true state", Action: "look", Scene: &byState},
		{T: 1, Saw: "the same, told by start corridor", Action: "look", Scene: &byStart},
		{T: 2, Saw: "latent distances, ordered by true state; filled where below half of the mean", Action: "look", Scene: &matrix, Done: true},
	}
}

// side of the picture of a projection, cells.
const side = 24

// project returns the places of some latents on their two main axes, found by power iteration on the covariance, scaled to a grid.
func project(z *num.Tensor, rows []int) [][2]int {
	d := z.Last()
	x := make([][]float64, len(rows))
	centre := make([]float64, d)
	for i, row := range rows {
		x[i] = make([]float64, d)
		for c := range d {
			x[i][c] = float64(z.Data[row*d+c])
			centre[c] += x[i][c] / float64(len(rows))
		}
	}
	for i := range x {
		for c := range d {
			x[i][c] -= centre[c]
		}
	}
	out := make([][2]int, len(rows))
	for k := range 2 {
		v := axis(x, d)
		along, least, most := make([]float64, len(x)), math.Inf(1), math.Inf(-1)
		for i := range x {
			along[i] = inner(x[i], v)
			least, most = min(least, along[i]), max(most, along[i])
		}
		for i := range x {
			out[i][k] = int((along[i] - least) / max(most-least, 1e-9) * (side - 1))
			for c := range d {
				x[i][c] -= along[i] * v[c]
			}
		}
	}
	return out
}

// axis is the unit vector along which rows of x vary most.
func axis(x [][]float64, d int) []float64 {
	v := make([]float64, d)
	for c := range v {
		v[c] = 1 / math.Sqrt(float64(d)) * (1 + 0.01*float64(c))
	}
	for range 50 {
		next := make([]float64, d)
		for i := range x {
			a := inner(x[i], v)
			for c := range next {
				next[c] += a * x[i][c]
			}
		}
		n := math.Sqrt(inner(next, next))
		if n < 1e-12 {
			return v
		}
		for c := range v {
			v[c] = next[c] / n
		}
	}
	return v
}

func inner(a, b []float64) (s float64) {
	for i := range a {
		s += a[i] * b[i]
	}
	return s
}

// measures are the metrics of the held-out trajectories.
func (d distances) measures() []exam.Value {
	return []exam.Value{{Name: MetricSame, Value: d.same}, {Name: MetricOther, Value: d.other}, {Name: MetricRatio, Value: d.same / d.other},
		{Name: MetricHub, Value: d.merged / d.hubOthers}}
}
