package rarl

import (
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rng"
)

func TestNoQuerysOwnEpisodeIsInItsRetrievalBatch(t *testing.T) {
	for _, content := range []string{Own, Mixed, Best} {
		m := begin(t, ra().With("content", content), 1, lab.Bench{})
		l := m.learner
		for range 50 {
			l.store.draw(l.draws, 2, 8, &l.batch)
			l.store.fetch(l.looks, l.wanted(), &l.memory)
			for _, e := range l.memory.episode {
				// The best quarter of 24 episodes has six, and sixteen queries may take them all: then only is one allowed.
				if slices.Contains(l.batch.episodes, e) && content != Best {
					t.Fatalf("%s: episode %d is asked about and looked up", content, e)
				}
			}
		}
	}
}

func TestRetrievalBatchesAreMadeOfWhatTheirNameSays(t *testing.T) {
	m := begin(t, ra(), 1, lab.Bench{})
	s, r := m.store, retrieval{}
	tasksOf := func(content string, trajectories int) (all []int) {
		s.fetch(rng.New(3, content), want{content: content, trajectories: trajectories, length: 5, tasks: []int{1, 3}}, &r)
		if r.groups != 2 || r.each != 2*trajectories || r.steps != 5 || r.start[0] != 0 || r.start[1] != 5 {
			t.Fatalf("%s: %d groups of %d trajectories of %d steps from %v", content, r.groups, r.each, r.steps, r.start[:2])
		}
		for _, e := range r.episode {
			all = append(all, s.data.Task(int(e)))
		}
		return all
	}
	if got := tasksOf(Own, 2); !slices.Equal(got, []int{1, 1, 1, 1, 3, 3, 3, 3}) {
		t.Errorf("own: tasks %v", got)
	}
	if got := tasksOf(Mixed, 4); !slices.Equal(got[:8], []int{0, 0, 1, 1, 2, 2, 3, 3}) {
		t.Errorf("mixed: tasks %v", got)
	}
	for i, task := range tasksOf(Wrong, 4) {
		if own := []int{1, 3}[i/8]; task == own || task != s.data.Task(int(r.episode[i/8*8])) {
			t.Errorf("wrong: trajectory %d of group %d is of task %d", i, i/8, task)
		}
	}
	tasksOf(Best, 4)
	for i, e := range r.episode {
		better, first := 0, s.data.Task(int(e))*s.data.Each
		for other := range s.data.Each {
			if s.data.Return(first+other) > r.returns[i] {
				better++
			}
		}
		if better >= s.data.Each/4 {
			t.Errorf("the best quarter has a recording of return %v, than which %d of %d are better", r.returns[i], better, s.data.Each)
		}
	}
}

// Rewards 0 1 1 from a state on, discount 0.9: 0 + 0.9 (1 + 0.9) = 1.71, times 0.1.
func TestTheAuxiliaryTargetsAreThoseOfTheRecording(t *testing.T) {
	m := begin(t, ra(), 2, lab.Bench{})
	s, r := m.store, retrieval{}
	e := int32(5)
	at := int(e) * s.data.Knobs.Horizon
	copy(s.data.Reward[at:], []float32{0, 0, 0, 0, 0, 0, 0, 0, 1, 1})
	s.fetch(rng.New(1, "x"), want{content: Own, trajectories: 1, length: 10, tasks: []int{0}}, &r)
	s.put(&r, 0, e, 0, false)
	near(t, "the value", float64(r.value[7]), 0.171, 1e-6)
	near(t, "the reward", float64(r.reward[8]), 1, 0)
	row := make([]float32, s.obs)
	s.observe(5, 7, row)
	if a, _ := s.data.Step(5, 7); r.action[7] != a || !slices.Equal(r.row(0, 7), row) {
		t.Error("state 7 is not that of the recording")
	}
}

func TestAllArmsSeeTheSameTransitions(t *testing.T) {
	var first []int32
	for name, agent := range arms() {
		if agent["kind"] == Reference {
			continue
		}
		m := begin(t, agent, 4, lab.Bench{})
		for range 3 {
			if _, err := m.learner.update(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got := m.learner.batch.episodes; first == nil {
			first = slices.Clone(got)
		} else if !slices.Equal(got, first) {
			t.Errorf("%s sees episodes %v, another arm %v", name, got, first)
		}
	}
}

func TestWhatDoesNotFitIsRefused(t *testing.T) {
	for name, k := range map[string]RetrievalKnobs{"length": {Length: 4, Trajectories: 2}, "episodes": {Length: 5, Trajectories: 60}} {
		w, l := WorldKnobs{Episodes: 24}, Knobs{Batch: 16, Groups: 2}
		w.Horizon = 10
		if err := k.fits(&w, &l); lab.CodeOf(err) != lab.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := (&Knobs{Batch: 10, Groups: 4}).Validate(); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("a batch of 10 in 4 groups gives %v", err)
	}
}

// On a board of five, -1 is place 0, 0 is place 2 and 0.5 is place 3.
func TestFeaturesAreOneHotPlacesAndTheRest(t *testing.T) {
	row := []float32{-1, 0, 0.5, 1, -1, -1, -1, -1, 7, 8, 9, 10}
	to := make([]float32, featureWidth(len(row), 5))
	features(row, to, 5)
	for j, place := range []int{0, 2, 3, 4, 0, 0, 0, 0} {
		for i, x := range to[5*j : 5*j+5] {
			if (x == 1) != (i == place) {
				t.Errorf("number %d has %v at place %d", j, x, i)
			}
		}
	}
	if !slices.Equal(to[40:], row[8:]) {
		t.Errorf("the rest is %v", to[40:])
	}
}
