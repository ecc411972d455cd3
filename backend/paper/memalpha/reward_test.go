package memalpha

import (
	"math"
	"testing"

	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/world/chat"
)

func near2(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9 {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestThePartsOfAStepsRewardWorkedOutByHand(t *testing.T) {
	s := step{calls: []call{{Valid: true}, {}, {Fault: "x"}, {Fault: "y"}}}
	s.judged()
	near2(t, "r2 of two executed calls of four", s.r2, 0.5)
	near2(t, "r4 of one valid call of four", s.r4, 0.25)
	none := step{}
	none.judged()
	near2(t, "r2 without a call", none.r2, 0)
	near2(t, "r4 without a call", none.r4, 0)
	near2(t, "r3 of a memory of 30 words from 120", short(30, 120), 0.75)
	near2(t, "r3 of a memory longer than what was read", short(150, 120), -0.25)
	// 0.5 + 1 x 0.5 + 0.05 x 0.75 + 0.1 x 0.25 = 1.0625
	k := RLKnobs{Beta: 0.05, Gamma: 0.1, Format: 1}
	near2(t, "the reward", k.pay(0.5, 0.75, &s), 1.0625)
	k = RLKnobs{Beta: 0.4, Gamma: 0, Format: 1}
	near2(t, "the reward with beta 0.4 and gamma 0", k.pay(0.5, 0.75, &s), 1.3)
}

// two rollouts of two steps: r1 0.8 and 0.4; r2 of the steps 1, 0 and 1, 1.
func twice() []*rollout {
	in := &chat.Instance{Seed: 7}
	at := func(r1 float64, r2 ...float64) *rollout {
		r := &rollout{in: in, r1: r1}
		for _, x := range r2 {
			r.steps = append(r.steps, step{prompt: []int32{1}, wrote: llm.Sequence{Tokens: []int32{2, 3}, Logprobs: []float32{-1, -1}}, r2: x})
		}
		return r
	}
	return []*rollout{at(0.8, 1, 0), at(0.4, 1, 1)}
}

func TestRewardsAreNormalisedOverTheInstanceOrTheChunk(t *testing.T) {
	for _, c := range []struct {
		statistics string
		want       [][]float64
	}{
		// All four: 1.8, 1.4 (chunk 1), 0.8, 1.4 (chunk 2); mean 1.35, deviation sqrt((0.2025+0.0025+0.3025+0.0025)/4) = 0.357071.
		{PerInstance, [][]float64{{0.45 / 0.357071, 0.05 / 0.357071, -0.55 / 0.357071, 0.05 / 0.357071}}},
		// By chunk: 1.8, 1.4: mean 1.6, deviation 0.2; 0.8, 1.4: mean 1.1, deviation 0.3.
		{PerChunk, [][]float64{{1, -1}, {-1, 1}}},
	} {
		k := RLKnobs{Format: 1, Statistics: c.statistics}
		groups := k.groups(twice())
		got, err := rl.Credit{Baseline: rl.GroupNormal, Length: rl.PerTrace}.Of(groups)
		if err != nil || len(got.Advantages) != len(c.want) {
			t.Fatalf("%s: %v, %v", c.statistics, got, err)
		}
		for g := range c.want {
			for i, want := range c.want[g] {
				if math.Abs(got.Advantages[g][i]-want) > 1e-4 {
					t.Errorf("%s: advantages %v, want %v", c.statistics, got.Advantages, c.want)
				}
			}
		}
		for _, scales := range got.Scales { // four steps of two tokens: each token an eighth
			for _, s := range scales {
				near2(t, "the share of a token", s, 1.0/8)
			}
		}
	}
}

// What a rule would earn under the rewards of training shows whether a hack pays before anything is trained.
func TestWritersEarnInTheOrderOfTheirAnswers(t *testing.T) {
	earn := map[string]float64{}
	for _, who := range []string{Oracle, CopyAll, Weak} {
		m := begin(t, setup(t, given{}, given{}, own().With("writer", who), given{"shortest": 4}), 1, oneBase(t))
		r := &record{}
		seen, err := m.sit(t.Context(), r, examination{"evaluation", 40, 8, 0, 0})
		if err != nil {
			t.Fatal(err)
		}
		k := RLKnobs{Beta: 0.05, Gamma: 0.1, Format: 1}
		for _, v := range seen.trained(&k) {
			if v.name == MetricReward {
				earn[who] = v.value
			}
			t.Logf("%-9s %-16s %.3f", who, v.name, v.value)
		}
	}
	if !(earn[Oracle] > earn[Weak] && earn[CopyAll] > earn[Weak]) {
		t.Errorf("writers earn %v", earn)
	}
}

func TestKeepingAWholeChunkIsSeen(t *testing.T) {
	facts := []chat.Fact{{Persona: "anna", Attribute: "city", Values: []string{"oslo"}}, {Persona: "zib", Attribute: "label", Values: []string{"3"}}}
	for _, c := range []struct {
		name, text string
		want       bool
	}{
		{"in two entries", "insert semantic anna lives in oslo ; insert semantic sample zib label 3 ;", true},
		{"in one", "insert semantic anna lives in oslo . sample zib label 3 ;", true},
		{"a value is missing", "insert semantic anna lives in ; insert semantic sample zib label 3 ;", false},
		{"a call was cut", "insert semantic anna lives in oslo ; insert semantic sample zib label 3", false},
		{"nothing", "", false},
	} {
		if got := keeps(parseCalls(c.text), facts); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
