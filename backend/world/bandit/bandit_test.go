package bandit

import (
	"fmt"
	"math"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/worldtest"
)

func TestBanditsKeepTheContractOfWorlds(t *testing.T) {
	for _, c := range []struct {
		knobs Knobs
		needs bool // precise rewards and pulls enough to find the best arm nearly always
	}{
		{Knobs{Arms: 5, Pulls: 20, Noise: 0.5, Prior: 1}, false},
		{Knobs{Arms: 3, Pulls: 30, Noise: 0.05, Prior: 1}, true},
		{Knobs{Arms: 4, Pulls: 12, Recurs: 5, Noise: 0.2, Prior: 2}, false},
	} {
		t.Run(fmt.Sprintf("%+v", c.knobs), func(t *testing.T) {
			worldtest.Run(t, worldtest.Options{New: func(batch int) (world.Tensor, error) { return New(c.knobs, batch) },
				RewardLo: -20, RewardHi: 20, Chance: 1 / float64(c.knobs.Arms), NeedsMemory: c.needs, Episodes: 2000})
		})
	}
}

func TestAPosteriorIsWorkedOutByHand(t *testing.T) {
	k := Knobs{Arms: 2, Pulls: 5, Noise: 0.5, Prior: 1}
	// precision 1 + 3/0.25 = 13; mean (1.5/0.25)/13 = 6/13
	if mean, dev := k.Posterior(3, 1.5); math.Abs(mean-6.0/13) > 1e-12 || math.Abs(dev-1/math.Sqrt(13)) > 1e-12 {
		t.Errorf("posterior after three rewards of sum 1.5 is %v, %v, want %v, %v", mean, dev, 6.0/13, 1/math.Sqrt(13))
	}
	if mean, dev := k.Posterior(0, 0); mean != 0 || dev != 1 {
		t.Errorf("posterior of an untried arm is %v, %v, want the prior 0, 1", mean, dev)
	}
}

// play pulls arms in a world of one environment and returns what each pull gave and ended.
func play(w *Bandit, arms ...int32) (rewards []float32, obs [][]float32, tasks []bool) {
	row, reward, done := make([]float32, w.spec.Obs), make([]float32, 1), make([]bool, 1)
	w.Reset(7, row)
	for _, a := range arms {
		w.Step([]int32{a}, row, reward, done)
		_, task := w.Border(0)
		rewards, obs, tasks = append(rewards, reward[0]), append(obs, append([]float32(nil), row...)), append(tasks, task)
	}
	return rewards, obs, tasks
}

func TestTheObservationTellsOfThePullBefore(t *testing.T) {
	w, err := New(Knobs{Arms: 3, Pulls: 4, Noise: 0.5, Prior: 1}, 1)
	if err != nil {
		t.Fatal(err)
	}
	rewards, obs, tasks := play(w, 2, 0, 1, 1)
	for i, want := range [][]float32{{0, 0, 1, rewards[0]}, {1, 0, 0, rewards[1]}, {0, 1, 0, rewards[2]}, {0, 0, 0, 0}} {
		if fmt.Sprint(obs[i]) != fmt.Sprint(want) {
			t.Errorf("after pull %d the observation is %v, want %v", i+1, obs[i], want)
		}
	}
	if fmt.Sprint(tasks) != "[false false false true]" {
		t.Errorf("tasks end at %v, want at the last pull alone", tasks)
	}
}

func TestABanditThatDoesNotRecurIsDrawnAnewInsideTheBlock(t *testing.T) {
	w, err := New(Knobs{Arms: 2, Pulls: 6, Recurs: 2, Noise: 0.01, Prior: 1}, 1)
	if err != nil {
		t.Fatal(err)
	}
	rewards, _, tasks := play(w, 0, 0, 0, 0, 0, 0)
	if fmt.Sprint(tasks) != "[false true false true false true]" {
		t.Errorf("tasks end at %v, want every second pull", tasks)
	}
	for i := 0; i < 6; i += 2 {
		if d := math.Abs(float64(rewards[i] - rewards[i+1])); d > 0.1 {
			t.Errorf("one arm of one bandit paid %v and %v at a noise of 0.01", rewards[i], rewards[i+1])
		}
	}
	if math.Abs(float64(rewards[0]-rewards[2])) < 0.1 && math.Abs(float64(rewards[2]-rewards[4])) < 0.1 {
		t.Errorf("three bandits pay alike: %v", rewards)
	}
}

// In the manner of a moment check: means and noise have the deviations that the knobs say.
func TestMeansAndRewardsHaveTheirDeviations(t *testing.T) {
	k := Knobs{Arms: 5, Pulls: 4, Noise: 0.5, Prior: 2}
	w, err := New(k, 4000)
	if err != nil {
		t.Fatal(err)
	}
	var means, noise float64
	obs, reward, done := make([]float32, 4000*w.spec.Obs), make([]float32, 4000), make([]bool, 4000)
	w.Reset(3, obs)
	w.Step(make([]int32, 4000), obs, reward, done)
	for b := range w.blocks {
		m := w.blocks[b].Means[0]
		means += m * m / 4000
		d := float64(reward[b]) - m
		noise += d * d / 4000
	}
	if math.Abs(math.Sqrt(means)-2) > 0.1 || math.Abs(math.Sqrt(noise)-0.5) > 0.025 {
		t.Errorf("deviations are %v and %v, want 2 and 0.5", math.Sqrt(means), math.Sqrt(noise))
	}
}

func TestThompsonLosesLessThanGreedAndLessThanChance(t *testing.T) {
	w, err := New(Knobs{Arms: 5, Pulls: 50, Noise: 0.5, Prior: 1}, 500)
	if err != nil {
		t.Fatal(err)
	}
	w.Detail(true)
	regret := map[string]float64{}
	obs, reward, done, actions := make([]float32, 500*w.spec.Obs), make([]float32, 500), make([]bool, 500), make([]int32, 500)
	for _, name := range References() {
		p, err := w.Reference(name, 5)
		if err != nil {
			t.Fatal(err)
		}
		w.Reset(11, obs)
		for b := range done {
			done[b] = true
		}
		for range 50 {
			p.Act(obs, done, actions)
			w.Step(actions, obs, reward, done)
		}
		for b := range w.blocks {
			regret[name] += w.Info(b).Numbers["regret"] / 500
		}
	}
	t.Log(regret)
	if regret[world.Oracle] != 0 || !(regret[Thompson] < regret[EpsilonGreedy] && regret[EpsilonGreedy] < regret[world.Random]) || !(regret[Thompson] < regret[Greedy]) {
		t.Errorf("regrets are out of order: %v", regret)
	}
}

func TestWrongKnobsAreRefusedWithTheirBounds(t *testing.T) {
	good := Knobs{Arms: 5, Pulls: 20, Noise: 0.5, Prior: 1}
	for name, change := range map[string]func(*Knobs){
		"one arm": func(k *Knobs) { k.Arms = 1 }, "no pull": func(k *Knobs) { k.Pulls = 0 }, "negative recurs": func(k *Knobs) { k.Recurs = -1 },
		"noise that is no number": func(k *Knobs) { k.Noise = math.NaN() }, "no prior": func(k *Knobs) { k.Prior = 0 },
	} {
		k := good
		change(&k)
		if _, err := New(k, 1); lab.CodeOf(err) != lab.Invalid || lab.HintOf(err) == "" {
			t.Errorf("%s gives %v, want invalid with a hint", name, err)
		}
	}
	if _, err := New(good, 0); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("no environment gives %v, want invalid", err)
	}
}

func TestBeliefCountsTheRewardsOfThePresentBanditAlone(t *testing.T) {
	w, err := New(Knobs{Arms: 2, Pulls: 9, Recurs: 3, Noise: 0.5, Prior: 1}, 1)
	if err != nil {
		t.Fatal(err)
	}
	rewards, _, _ := play(w, 0, 0, 0, 1, 0)
	for arm, want := range []float64{float64(rewards[4]), float64(rewards[3])} {
		mean, dev := w.Belief(0, arm)
		if math.Abs(mean-4*want/5) > 1e-9 || math.Abs(dev-1/math.Sqrt(5)) > 1e-9 {
			t.Errorf("belief of arm %d is %v, %v; want %v, %v", arm+1, mean, dev, 4*want/5, 1/math.Sqrt(5))
		}
	}
}
