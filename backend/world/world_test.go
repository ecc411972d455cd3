package world

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

func TestEpisodeSeedsDifferForEveryEnvironmentAndEpisode(t *testing.T) {
	seen := map[uint64]bool{}
	for seed := range uint64(4) {
		for b := range 64 {
			for k := range uint64(64) {
				s := EpisodeSeed(seed, b, k)
				if seen[s] || s >= 1<<53 {
					t.Fatalf("seed %d, environment %d, episode %d: key %d was seen or is too large", seed, b, k, s)
				}
				seen[s] = true
			}
		}
	}
}

// The values fix the generator: changing it would change every recorded result without a word. The first output of SplitMix64 from
// state 0 is the published 0xe220a8397b1dcdaf, which is mix(gammaA).
func TestTheGeneratorIsTheOneThatRecordsWereMadeWith(t *testing.T) {
	if got := mix(gammaA); got != 0xe220a8397b1dcdaf {
		t.Errorf("mix(gammaA) is %#x, want 0xe220a8397b1dcdaf", got)
	}
	if got := EpisodeSeed(7, 3, 5); got != 6674287392054345 {
		t.Errorf("EpisodeSeed(7, 3, 5) is %d", got)
	}
	if got := Draw(9, 2); got != 2028068707372879385 {
		t.Errorf("Draw(9, 2) is %d", got)
	}
}

func TestPickAndUnitAreEven(t *testing.T) {
	const drawn = 70000
	var counts [7]float64
	sum := 0.0
	for i := range uint64(drawn) {
		counts[Pick(Draw(3, i), 7)]++
		u := Unit(Draw(4, i))
		if u < 0 || u >= 1 {
			t.Fatalf("Unit gives %v", u)
		}
		sum += u
	}
	for i, n := range counts { // five standard errors of a share of 1/7
		if math.Abs(n/drawn-1.0/7) > 0.0067 {
			t.Errorf("share of %d is %.4f, want 0.1429", i, n/drawn)
		}
	}
	if mean := sum / drawn; math.Abs(mean-0.5) > 0.0055 {
		t.Errorf("mean of Unit is %.4f, want 0.5", mean)
	}
}

// counting is a world whose environment b has episodes of b+1 steps; only environment 0 succeeds, and every step pays 1.
type counting struct {
	Vec
	steps [3]int
}

func (c *counting) Spec() Spec              { return Spec{Obs: 1, Actions: []string{"on"}} }
func (c *counting) Size() int               { return 3 }
func (c *counting) Reset(uint64, []float32) { c.steps = [3]int{} }
func (c *counting) Info(b int) Info {
	return Info{Steps: b + 1, Return: float32(b + 1), Success: b == 0}
}
func (c *counting) Step(_ []int32, _, _ []float32, done []bool) {
	for b := range c.steps {
		c.steps[b]++
		done[b] = c.steps[b]%(b+1) == 0
	}
}

// Seven episodes over three environments are three each: success 3/9, return and steps (1+2+3)/3 = 2. Taking episodes as they end
// would count six of environment 0.
func TestEvaluateCountsEveryEnvironmentEqually(t *testing.T) {
	got, err := Evaluate(t.Context(), &counting{}, Uniform(1, 0), 0, 7)
	if want := (Score{Episodes: 9, Success: 1.0 / 3, Return: 2, Steps: 2}); err != nil || got != want {
		t.Errorf("score is %+v, %v; want %+v", got, err, want)
	}
	if got, err := Evaluate(t.Context(), &counting{}, Uniform(1, 0), 0, 0); err != nil || got != (Score{}) {
		t.Errorf("no episodes score %+v, %v", got, err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Evaluate(cancelled, &counting{}, Uniform(1, 0), 0, 7); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled evaluation gives %v", err)
	}
}

func FuzzReadState(f *testing.F) {
	var kept bytes.Buffer
	if err := WriteState(&kept, "maze", uint64(7), []int32{1, 2, 3}); err != nil {
		f.Fatal(err)
	}
	f.Add(kept.Bytes())
	f.Add([]byte{255, 255, 255, 255})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		var seed uint64
		parts := make([]int32, 3)
		r := bytes.NewReader(b)
		if err := ReadState(r, "maze", &seed, parts); err != nil {
			if lab.CodeOf(err) != lab.Invalid {
				t.Fatalf("error %v has code %s", err, lab.CodeOf(err))
			}
			return
		}
		var again bytes.Buffer
		rest, _ := io.ReadAll(r)
		if err := WriteState(&again, "maze", seed, parts); err != nil || !bytes.Equal(append(again.Bytes(), rest...), b) {
			t.Fatalf("what was read is written as %x, want %x (%v)", again.Bytes(), b, err)
		}
	})
}
