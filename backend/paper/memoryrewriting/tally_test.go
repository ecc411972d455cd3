package memoryrewriting

import (
	"math"
	"testing"

	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/maze"
)

func valueOf(ms []measure, name string) (float64, bool) {
	for _, m := range ms {
		if m.name == name {
			return m.value, true
		}
	}
	return 0, false
}

// Eight episodes in mazes of three corridors, worked by hand. Four walked all three; two failed at the second turn, one at the first,
// one never turned:
//
//	episodes by corridors passed    0: 2   1: 2   2: 0   3: 4        passed = 0*2 + 1*2 + 3*4 = 14 of 8*3 = 24
//	turns = 4*3 + 2*2 + 1 = 17, wrong = 3, right = 14                accuracy = 14/17
//	of the later turns, 4*2 + 2 = 10: the cue had changed in 6, wrong 2; it was as before in 4, wrong 0
//	stale error = 2/6 - 0/4 = 1/3                                    success = 4/8
func TestATallyWorkedByHand(t *testing.T) {
	y := tally{episodes: 8, succeeded: 4, returns: 10, corridors: 24, memory: 300, context: 150, steps: 100, passed: []int{2, 2, 0, 4}}
	y.out.passed, y.out.turns, y.out.wrong = 14, 17, 3
	y.out.changed, y.out.changedWrong, y.out.same, y.out.sameWrong = 6, 2, 4, 0
	want := map[string]float64{MetricSuccess: 0.5, MetricEvalReturn: 1.25, MetricMemory: 3, MetricContext: 1.5,
		MetricCorridors: 14.0 / 24, MetricJunction: 14.0 / 17, MetricStale: 1.0 / 3}
	ms := y.measures()
	for name, w := range want {
		if got, ok := valueOf(ms, name); !ok || math.Abs(got-w) > 1e-12 {
			t.Errorf("%s is %v (there: %v), want %v", name, got, ok, w)
		}
	}
	if len(ms) != len(want) {
		t.Errorf("%d measures, want %d: %v", len(ms), len(want), ms)
	}
}

func TestWhatWasNeverMetIsAGapAndNotAZero(t *testing.T) {
	y := tally{episodes: 4, corridors: 8, passed: []int{4, 0, 0}} // four episodes that never turned
	for _, name := range []string{MetricJunction, MetricStale} {
		if got, ok := valueOf(y.measures(), name); !ok || !math.IsNaN(got) {
			t.Errorf("%s without a turn is %v (there: %v), want not a number", name, got, ok)
		}
	}
	y.out.turns, y.out.changed, y.out.changedWrong = 3, 3, 1 // changed cues only: there is nothing to compare them with
	if got, _ := valueOf(y.measures(), MetricStale); !math.IsNaN(got) {
		t.Errorf("stale error without an unchanged cue is %v, want not a number", got)
	}
	one := tally{episodes: 4, corridors: 4, passed: []int{1, 3}}
	if got, ok := valueOf(one.measures(), MetricStale); ok {
		t.Errorf("stale error of a maze of one corridor is %v, want none", got)
	}
}

// script plays what a function of the hidden state says.
type script struct {
	maze *maze.Endless
	act  func(maze.Probe) int32
}

func (s *script) Reset() {}

func (s *script) Act(_ []float32, _ []bool, actions []int32) {
	for b := range actions {
		actions[b] = maze.Forward
		if p := s.maze.Probe(b); p.Cell == maze.CellJunction {
			actions[b] = s.act(p)
		}
	}
}

func right(p maze.Probe) int32 { return maze.Turn(p.Cue) }

// scripted examines a script in mazes of that many corridors.
func scripted(t *testing.T, corridors int, act func(maze.Probe) int32) *session {
	t.Helper()
	w, err := maze.NewEndless(maze.EndlessKnobs{Corridors: corridors, Length: 3, Regime: maze.Fixed, Alphabet: 2, Delay: 0.01}, examEnvs)
	if err != nil {
		t.Fatal(err)
	}
	e := &exam{seed: 7, play: func(w world.Tensor) (player, error) {
		b := w.Size()
		return &reference{world: w, policy: &script{w.(*maze.Endless), act}, obs: make([]float32, b*w.Spec().Obs), fresh: make([]bool, b),
			actions: make([]int32, b), paid: make([]float32, b), done: make([]bool, b)}, nil
	}}
	s := &session{world: w, split: "script"}
	if err := e.run(t.Context(), s, 256); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheStaleErrorTellsAnAgentThatFollowsTheFormerCue(t *testing.T) {
	tests := map[string]struct {
		act  func(maze.Probe) int32
		want float64
	}{
		// wrong exactly where the cue changed: 1 - 0
		"an agent that turns as the former cue said": {func(p maze.Probe) int32 {
			if p.Previous < 0 {
				return right(p)
			}
			return maze.Turn(p.Previous)
		}, 1},
		// never wrong: 0 - 0
		"an agent that turns as the present cue says": {right, 0},
		// wrong exactly where the cue is the same: 0 - 1
		"an agent that turns against the former cue": {func(p maze.Probe) int32 {
			if p.Previous < 0 {
				return right(p)
			}
			return maze.Turn(1 - p.Previous)
		}, -1},
		// the first turn ends the episode, no later one is ever met
		"an agent that turns against every cue": {func(p maze.Probe) int32 { return maze.Turn(1 - p.Cue) }, math.NaN()},
	}
	for name, tt := range tests {
		s := scripted(t, 3, tt.act)
		if got, _ := valueOf(s.tally.measures(), MetricStale); got != tt.want && !(math.IsNaN(got) && math.IsNaN(tt.want)) {
			t.Errorf("%s: stale error is %v, want %v", name, got, tt.want)
		}
	}
}

// An agent that always turns up passes k corridors with chance 2^-(k+1) and all three with 1/8; the four shares add up to one.
func TestPassedCorridorsOfAGuessHalveFromOneToTheNext(t *testing.T) {
	s := scripted(t, 3, func(maze.Probe) int32 { return maze.Turn(0) })
	total := 0
	for k, n := range s.tally.passed {
		total += n
		want := []float64{0.5, 0.25, 0.125, 0.125}[k]
		if got := float64(n) / float64(s.tally.episodes); math.Abs(got-want) > 0.1 { // three standard deviations of 256 episodes
			t.Errorf("%d corridors passed by %.3f of the episodes, want about %v", k, got, want)
		}
	}
	if total != 256 || s.tally.episodes != 256 {
		t.Errorf("%d episodes by corridors passed and %d in all, want 256", total, s.tally.episodes)
	}
	if got, want := s.tally.success(), float64(s.tally.passed[3])/256; got != want {
		t.Errorf("success is %v, want the share that passed all three, %v", got, want)
	}
}
