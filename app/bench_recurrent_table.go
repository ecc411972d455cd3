package app

import (
	"fmt"
	"math"
)

// peerName is how rows of ppo-recurrent call the peer.
const peerName = "sb3-contrib"

// name says network and updates.
func (s *recurrentSetting) name() string {
	return fmt.Sprintf("LSTM of %d, %d updates", s.work.agent.Width, s.work.updates)
}

// speed writes the seconds of both sides and how many times one is the other, round by round.
func (s *recurrentSetting) speed(p *recurrentPeer) []measure {
	out := []measure{s.row(s.name()+", Loci", "s", "", s.ours, recurrentRun.seconds)}
	if p == nil {
		return out
	}
	theirs := s.row(s.name()+", "+peerName, "s", p.said, s.theirs, recurrentRun.seconds)
	times := measure{Name: s.name() + ", Loci against " + peerName, Unit: "times", Threads: s.threads, Rounds: ratios(theirs.Rounds, out[0].Rounds), Limit: s.limit}
	times.Note = s.sizes()
	return append(out, theirs, times)
}

func (r recurrentRun) seconds() float64 { return r.Seconds }

// sizes says what both networks hold.
func (s *recurrentSetting) sizes() string {
	return fmt.Sprintf("LSTM of %d: %d parameters here, %d in %s", s.work.agent.Width, s.ours[0].Parameters, s.theirs[0].Parameters, peerName)
}

// row is one number of every run.
func (s *recurrentSetting) row(name, unit, note string, runs []recurrentRun, of func(recurrentRun) float64) measure {
	m := measure{Name: name, Unit: unit, Threads: s.threads, Note: note}
	for _, r := range runs {
		m.Rounds = append(m.Rounds, of(r))
	}
	return m
}

// learning writes the returns at the end with their curves, and the seconds to a return that both sides reach.
func (s *recurrentSetting) learning(p *recurrentPeer) []measure {
	name := fmt.Sprintf("return after %d updates, ", s.work.updates)
	out := []measure{s.curve(s.row(name+"Loci", "reward", "", s.ours, recurrentRun.last), s.ours)}
	if p == nil {
		return out
	}
	out = append(out, s.curve(s.row(name+peerName, "reward", p.said, s.theirs, recurrentRun.last), s.theirs))
	level := commonReturn(s.ours, s.theirs)
	if math.IsNaN(level) {
		return out
	}
	until := func(r recurrentRun) float64 { return r.reached(level) }
	name = fmt.Sprintf("time to a return of %g, ", level)
	ours, theirs := s.row(name+"Loci", "s", "", s.ours, until), s.row(name+peerName, "s", p.said, s.theirs, until)
	return append(out, ours, theirs, measure{Name: name + "Loci against " + peerName, Unit: "times", Threads: s.threads, Rounds: ratios(theirs.Rounds, ours.Rounds)})
}

// curve adds the learning curve: the mean of all runs, and the median of their seconds.
func (s *recurrentSetting) curve(m measure, runs []recurrentRun) measure {
	for u := range s.work.updates + 1 {
		sum, at := 0.0, make([]float64, len(runs))
		for i, r := range runs {
			sum += r.Curve[u]
			at[i] = r.At[u]
		}
		m.Curve = append(m.Curve, sum/float64(len(runs)))
		m.CurveSteps, m.CurveSeconds = append(m.CurveSteps, (u+1)*s.work.rl.Rollout*s.work.rl.Envs), append(m.CurveSeconds, median(at))
	}
	return m
}

// commonReturn is the highest of a few returns that every run of both sides reaches, NaN where they reach none.
func commonReturn(ours, theirs []recurrentRun) float64 {
	for _, level := range []float64{0.95, 0.9, 0.75, 0.5, 0.25, 0, -0.25} {
		all := true
		for _, runs := range [][]recurrentRun{ours, theirs} {
			for _, r := range runs {
				all = all && !math.IsNaN(r.reached(level))
			}
		}
		if all {
			return level
		}
	}
	return math.NaN()
}
