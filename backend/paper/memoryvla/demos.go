package memoryvla

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/desk"
)

// demoTables are played side by side while demonstrations are made.
const demoTables = 32

// demos are demonstrated episodes, padded to T steps.
type demos struct {
	steps  int // T
	chunk  int
	length []int     // [N] steps of each episode
	obs    []float32 // [N][T][desk.Obs]
	label  []float32 // [N][T][3] what the teacher wanted, undisturbed
}

// demonstrate lets the oracle play n episodes whose displacements are disturbed, so that frames are seen from which one has to recover;
// the label is what the teacher wanted (arXiv 1703.09327, sec. 3, noise of a fixed size). Same knobs and stream, same demonstrations.
func demonstrate(k desk.Knobs, n, chunk int, noise float64, s *rng.Stream) (*demos, error) {
	w, err := desk.New(k, demoTables)
	if err != nil {
		return nil, err
	}
	teacher, err := w.Reference(world.Oracle, 0)
	if err != nil {
		return nil, err
	}
	d := &demos{steps: k.Horizon(), chunk: chunk}
	obs, actions := make([]float32, demoTables*desk.Obs), make([]float32, demoTables*actDim)
	reward, fresh, done := make([]float32, demoTables), make([]bool, demoTables), make([]bool, demoTables)
	w.Reset(s.Uint64(), obs)
	open := make([]demos, demoTables)
	for len(d.length) < n {
		teacher.Act(obs, fresh, actions)
		for b := range open {
			open[b].obs = append(open[b].obs, obs[b*desk.Obs:(b+1)*desk.Obs]...)
			open[b].label = append(open[b].label, actions[b*actDim:(b+1)*actDim]...)
			for i := range actDim - 1 {
				actions[b*actDim+i] += float32(noise * s.Normal())
			}
		}
		w.Step(actions, obs, reward, done)
		for b, end := range done {
			if end && len(d.length) < n {
				d.take(open[b])
			}
			if end {
				open[b] = demos{}
			}
		}
	}
	return d, nil
}

func (d *demos) take(one demos) {
	n := len(one.obs) / desk.Obs
	d.length = append(d.length, n)
	d.obs = append(append(d.obs, one.obs...), make([]float32, (d.steps-n)*desk.Obs)...)
	d.label = append(append(d.label, one.label...), make([]float32, (d.steps-n)*actDim)...)
}

// batch is some episodes side by side in the order of time, and the frames of them at which the arm may act: those are imitated, since
// before them actions play no part.
type batch struct {
	obs    []float32 // [T][B][desk.Obs]
	frames []int32   // [G] numbers t*B+b of the frames that are imitated, in order
	target []float32 // [G*chunk][3]
	mask   []float32 // [G*chunk] one where the episode still goes on
}

// gather fills m with those episodes. The target of frame t is what the teacher wanted at t, t+1, ... as far as the episode goes.
func (d *demos) gather(m *batch, which []int) {
	m.obs = fit(m.obs, d.steps*len(which)*desk.Obs)
	m.frames, m.target, m.mask = m.frames[:0], m.target[:0], m.mask[:0]
	for t := range d.steps {
		for b, e := range which {
			f := t*len(which) + b
			obs := m.obs[f*desk.Obs : (f+1)*desk.Obs]
			copy(obs, d.obs[(e*d.steps+t)*desk.Obs:])
			if t < d.length[e] && obs[desk.Obs-1] == 1 {
				m.frames = append(m.frames, int32(f))
				d.chunkOf(m, e, t)
			}
		}
	}
}

// chunkOf appends the target of frame t of episode e.
func (d *demos) chunkOf(m *batch, e, t int) {
	for j := range d.chunk {
		at, goesOn := min(t+j, d.steps-1), float32(0)
		if t+j < d.length[e] {
			goesOn = 1
		}
		m.target = append(m.target, d.label[(e*d.steps+at)*actDim:(e*d.steps+at+1)*actDim]...)
		m.mask = append(m.mask, goesOn)
	}
}

// fit returns n zeros in the memory of x where that suffices.
func fit(x []float32, n int) []float32 {
	if cap(x) < n {
		return make([]float32, n)
	}
	x = x[:n]
	clear(x)
	return x
}

// check tells whether the demonstrations are worth imitating: the teacher solved all but one in twenty in time.
func (d *demos) check() error {
	late := 0
	for _, n := range d.length {
		if n == d.steps {
			late++
		}
	}
	if 20*late > len(d.length) {
		return lab.Errorf(lab.Invalid, "%d of %d demonstrations ran out of time after %d steps: the teacher was disturbed too much", late, len(d.length), d.steps).
			WithHint("lower rl.noise or raise world.spare")
	}
	return nil
}
