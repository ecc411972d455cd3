package stitch

import (
	"github.com/loci-lab/loci/backend/rng"
)

// DataKnobs say what the data are like.
type DataKnobs struct {
	Trajectories int     `json:"trajectories" doc:"trajectories of the data" symbol:"N" unit:"trajectories" default:"300" min:"10" max:"100000" main:"true" group:"data"`
	Random       float64 `json:"random" doc:"share of random actions in the data" unit:"share" default:"0.1" min:"0" max:"1" group:"data"`
	FastRight    float64 `json:"fast_right" doc:"share of the fast walks from B that take the paying exit; with 0 the loop alone explains every reward, and nobody needs to know what the hidden bit is for" unit:"share" default:"0.5" min:"0" max:"1" main:"true" group:"data"`
	Stitched     float64 `json:"stitched" doc:"share of the clean walks from A that take the paying exit: with 0 the best way from A must be put together" unit:"share" default:"0" min:"0" max:"1" main:"true" group:"data"`
}

// Trajectory is one episode of the data.
type Trajectory struct {
	Start   int32
	Obs     [][]float32 // [T+1]
	Truth   []int       // [T+1] true states; that after a trap is the state before it
	Action  []int32     // [T]
	Reward  []float32   // [T]
	Ended   bool        // by the maze, not by the horizon
	Return  float64
	Success bool
}

// plan is what a scripted walker is about to do.
type plan struct{ trap, slow, right bool }

// planOf draws the plan: from A half of the walks take the clean way and then the wrong exit, the others fall into the trap; from B half
// take the slow loop and then the right exit, the others the fast way and the right exit in a share FastRight of them.
func planOf(s *rng.Stream, start int32, k DataKnobs) plan {
	half := s.Bool(0.5)
	stitched, fast := s.Bool(k.Stitched), s.Bool(k.FastRight)
	if start == StartA {
		return plan{trap: half, right: !half && stitched}
	}
	return plan{slow: half, right: half || fast}
}

// action of the plan in a cell.
func (p plan) action(cell, bit int32) int32 {
	switch {
	case cell == CellA+1 && p.trap:
		return Right
	case cell == CellB+1 && p.slow:
		return Left
	case cell == CellHub && p.right:
		return Left + bit
	case cell == CellHub:
		return Right - bit
	}
	return Forward
}

// Collect walks the trajectories of the data. The same seed gives the same data.
func Collect(k Knobs, d DataKnobs, seed uint64) ([]Trajectory, error) {
	m, err := New(k, 1)
	if err != nil {
		return nil, err
	}
	s := rng.New(seed, "stitch data")
	obs, reward, done, action := make([]float32, m.spec.Obs), make([]float32, 1), make([]bool, 1), make([]int32, 1)
	m.Reset(s.Uint64(), obs)
	data := make([]Trajectory, d.Trajectories)
	for i := range data {
		t, e := &data[i], &m.runs[0]
		t.Start = e.Start
		p := planOf(s, e.Start, d)
		t.see(obs, m.Truth(0))
		for done[0] = false; !done[0]; {
			if action[0] = p.action(e.Cell, e.Bit); s.Bool(d.Random) {
				action[0] = int32(s.IntN(4))
			}
			m.Step(action, obs, reward, done)
			t.Action, t.Reward = append(t.Action, action[0]), append(t.Reward, reward[0])
			t.Return += float64(reward[0])
			if !done[0] {
				t.see(obs, m.Truth(0))
			}
		}
		l := e.Last
		t.see(t.Obs[len(t.Obs)-1], int(l.Cell*2+l.Bit)) // nothing is learned from what stands after an end
		t.Ended, t.Success = l.Why == terminal, l.Success == 1
	}
	return data, nil
}

func (t *Trajectory) see(obs []float32, truth int) {
	t.Obs = append(t.Obs, append([]float32(nil), obs...))
	t.Truth = append(t.Truth, truth)
}
