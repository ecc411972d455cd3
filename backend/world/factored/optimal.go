package factored

import "math"

// Optimal returns the values of the best policy in every state of a PanFlute, by value iteration to 1e-9:
//
//	Q(s,a) = r(s) + gamma ((1-p) max Q(s',.) + p max Q(s' | all last cells,.))     p the chance of an event that comes by itself
//
// [2^cells][n], the state's number being its bits in the order of the observation; nil for other worlds and for more than 5 pipes,
// whose tables are too large.
func Optimal(w *World, gamma float64) []float64 {
	f, ok := w.game.(*flute)
	if !ok || f.n > 5 {
		return nil
	}
	states := 1 << cells(f.n)
	v, q, last := make([]float64, states), make([]float64, states*f.n), f.lasts()
	for gap := math.Inf(1); gap > 1e-9; {
		gap = 0
		for s := range states {
			best := math.Inf(-1)
			for a := range f.n {
				next := State{On: uint64(s)}
				r, _ := f.step(&next, int32(a), Quiet)
				x := float64(r) + gamma*((1-f.chance)*v[next.On]+f.chance*v[next.On|last])
				q[s*f.n+a] = x
				best = max(best, x)
			}
			gap = max(gap, math.Abs(best-v[s]))
			v[s] = best
		}
	}
	return q
}
