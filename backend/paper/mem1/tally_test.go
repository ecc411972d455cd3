package mem1

import (
	"math"
	"testing"

	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/world/hop"
)

// By hand: three questions, of which the agent finds two, forgets the first, finds it no more and answers the second.
func TestATallyWorkedOutByHand(t *testing.T) {
	w := warmerOf(t, false, func(k *hop.Knobs) { k.Spare = 2 })
	e, err := w.long.Episode(hop.Test, 5)
	if err != nil {
		t.Fatal(err)
	}
	tr := &trace{Episode: e}
	q := e.Questions()
	var played rl.Trajectory
	for i, text := range []string{
		"state " + q[0].Number + " find " + q[0].String(),
		"state " + q[0].Number + " " + q[0].Answer() + " " + q[1].Number + " find " + q[1].String(), // found 0 at age 0, kept
		"state " + q[1].Number + " " + q[1].Answer() + " no act",                                    // found 0 at age 1, gone; found 1 at age 0, kept
		"ans " + q[1].Number + " " + q[1].Answer() + " " + q[2].Number + " " + q[1].Answer(),        // 0 gone at 2, 1 kept at 1
	} {
		tr.steps = append(tr.steps, step{said: parse(text)})
		played.Reward += tr.Act(tr.steps[i].said.act).Reward
		played.Segments = append(played.Segments, rl.Segment{Context: make([]int32, 10*(i+1)), Tokens: make([]int32, 4)})
	}
	var s tally
	s.add(tr, &played)
	if s.score() != 1./3 || s.earned != 1 || s.won != 0 || s.answered != 2 || s.unknown != 1 || s.turns != 4 || s.tokens != 16 || s.peak != 44 || s.state != 4 {
		t.Errorf("the tally is %+v", s)
	}
	if want := 4.*(10+20+30+40) + 4*8; math.Abs(s.pairs-want) > 1e-9 { // n_prompt n_out + n_out^2 / 2
		t.Errorf("%v pairs, want %v", s.pairs, want)
	}
	if want := []life{{2, 2}, {1, 2}, {0, 1}}; len(s.lives) != 3 || s.lives[0] != want[0] || s.lives[1] != want[1] || s.lives[2] != want[2] || s.kept != 1 || s.found != 2 {
		t.Errorf("lives are %v with %d of %d kept, want %v with 1 of 2", s.lives, s.kept, s.found, want)
	}
}

func TestTheProbeCountsGroupsWithASuccess(t *testing.T) {
	w := warmerOf(t, false, nil)
	play := func(right bool) *trace {
		e, err := w.long.Episode(hop.Test, 7)
		if err != nil {
			t.Fatal(err)
		}
		said := make([]string, 3)
		for i, q := range e.Questions() {
			if said[i] = q.Answer(); !right {
				said[i] = hop.Unknown
			}
		}
		e.Act(e.Answers(said))
		return &trace{Episode: e}
	}
	groups := []rl.Group{{Trajectories: make([]rl.Trajectory, 2)}, {Trajectories: make([]rl.Trajectory, 2)}}
	if got := probe(groups, []*trace{play(false), play(true), play(false), play(false)}); got != 0.5 {
		t.Errorf("the probe is %v, want 0.5", got)
	}
}
