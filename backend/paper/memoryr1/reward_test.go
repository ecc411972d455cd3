package memoryr1

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/trainer"
)

func TestAnswersAreSetsOfValues(t *testing.T) {
	for _, c := range []struct {
		said, right string
		em, f1      float64
	}{
		{"dog cat", "cat dog", 1, 1},
		{"dog dog", "dog", 1, 1},
		{"dog", "dog cat", 0, 2.0 / 3}, // 2*1 / (1+2)
		{"dog goat", "dog cat", 0, 0.5},
		{"", "dog", 0, 0},
		{"unknown", "dog", 0, 0},
	} {
		said, right := strings.Fields(c.said), strings.Fields(c.right)
		if em, f1 := score(Exact, said, right), score(Overlap, said, right); em != c.em || math.Abs(f1-c.f1) > 1e-12 {
			t.Errorf("%q against %q earns %v and %v, want %v and %v", c.said, c.right, em, f1, c.em, c.f1)
		}
	}
}

// The linked question is right, one of two others is: 0.5 * 1 + 0.5 * 1/2 = 0.75.
func TestADecisionIsPaidForItsQuestionAndForAllOthers(t *testing.T) {
	for _, c := range []struct {
		linked float64
		has    bool
		others []float64
		weight float64
		want   float64
	}{
		{1, true, []float64{1, 0}, 0.5, 0.75},
		{1, true, []float64{0, 0}, 1, 1},
		{0, true, []float64{1, 1}, 0.25, 0.75},
		{1, true, nil, 0.5, 1},
		{0, false, []float64{1, 0}, 0.5, 0.5},
		{0, false, nil, 0.5, 0},
	} {
		if got := worth(c.linked, c.has, c.others, c.weight); got != c.want {
			t.Errorf("%+v is worth %v", c, got)
		}
	}
}

func TestWhatAnAnswerAgentWritesIsRead(t *testing.T) {
	for text, want := range map[string]answered{
		"SEL [2] [1] ANS dog cat":     {[]int{2, 1}, []string{"dog", "cat"}, 0},
		"ANS dog dog":                 {nil, []string{"dog"}, 0},
		"SEL ANS unknown":             {nil, []string{"unknown"}, 0},
		"SEL [3] [3] [9] dog ANS cat": {[]int{3}, []string{"cat"}, 2}, // nine was not shown, dog stands where places do
		"dog cat":                     {nil, nil, 3},
		"":                            {nil, nil, 1},
	} {
		got := parseAnswer(text, 4)
		if !slices.Equal(got.Picked, want.Picked) || !slices.Equal(got.Values, want.Values) || got.Faults != want.Faults {
			t.Errorf("%q is read as %+v, want %+v", text, got, want)
		}
	}
	for _, who := range []string{selects, answers} {
		a := answered{Picked: []int{2}, Values: []string{"dog", "cat"}}
		b := parseAnswer(a.script(who), 3)
		if !slices.Equal(b.Values, a.Values) || (len(b.Picked) == 1) != (who == selects) || b.Faults != 0 {
			t.Errorf("%s writes %q, read as %+v", who, a.script(who), b)
		}
	}
}

func FuzzTheReaderOfAnswers(f *testing.F) {
	f.Add("SEL [1] ANS dog", 3)
	f.Add("ANS ANS SEL [2]", 1)
	f.Fuzz(func(t *testing.T, text string, shown int) {
		a := parseAnswer(text, shown)
		for _, slot := range a.Picked {
			if slot < 1 || slot > shown {
				t.Fatalf("%q picks %d of %d", text, slot, shown)
			}
		}
		if a.Faults < 0 || len(a.Values) > len(strings.Fields(text)) {
			t.Fatalf("%q gives %+v", text, a)
		}
	})
}

// fixed answers every Forward with the same values and keeps what it is trained on.
type fixed struct {
	trainer.Trainer
	value float32
	seen  []rl.Datum
	names []string
}

func (f *fixed) Forward(_ context.Context, data []rl.Datum, _ rl.Loss) *trainer.Future[trainer.Output] {
	out := trainer.Output{Rows: make([]trainer.Row, len(data))}
	for i := range data {
		out.Rows[i].Logprobs = slices.Repeat([]float32{f.value}, len(data[i].Input))
	}
	return trainer.Ready(out, nil)
}

func (f *fixed) ForwardBackward(_ context.Context, data []rl.Datum, loss rl.Loss) *trainer.Future[trainer.Output] {
	f.seen, f.names = append(f.seen, data...), append(f.names, loss.Name)
	return trainer.Ready(trainer.Output{Rows: make([]trainer.Row, len(data))}, nil)
}

func (f *fixed) OptimStep(context.Context, trainer.Adam) *trainer.Future[trainer.Metrics] {
	return trainer.Ready(trainer.Metrics{}, nil)
}

// Two attempts of two tokens, rewards 1 and 0, values 0.5: advantages 0.5 and -0.5, mean 0, deviation 0.5, so 1 and -1, each divided by the
// four tokens. The critic's rows want 1 and 0, each weighted 0.5 / 2 rows; its mean square error is 0.25.
func TestTheCriticIsWhatAdvantagesAreHeldAgainst(t *testing.T) {
	group := rl.Group{}
	for _, r := range []float64{1, 0} {
		group.Trajectories = append(group.Trajectories, rl.Trajectory{Reward: r,
			Segments: []rl.Segment{{Context: []int32{3, 4}, Tokens: []int32{5, 0}, Logprobs: []float32{-1, -1}}}})
	}
	f := &fixed{value: 0.5}
	seen, err := learnWithCritic(t.Context(), f, []rl.Group{group}, rl.GRPOKnobs{Rate: 1}, RLKnobs{Critic: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(f.names, []string{rl.PPO, rl.PPOCritic}) || seen[1] != (measure{MetricValueError, 0.25}) {
		t.Errorf("losses %v, measures %v", f.names, seen)
	}
	for i, want := range []float32{0.25, -0.25} {
		if a := f.seen[i].Advantages; math.Abs(float64(a[1]-want)) > 1e-5 || math.Abs(float64(a[2]-want)) > 1e-5 || a[0] != 0 {
			t.Errorf("advantages of attempt %d are %v, want %v", i, a, want)
		}
		c := f.seen[2+i]
		if c.Returns[1] != float32(1-i) || c.Weights[2] != 0.25 || c.Weights[0] != 0 || c.Values[1] != 0.5 {
			t.Errorf("critic's row %d is %+v", i, c)
		}
	}
}
