package course

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/world/ballet"
)

// told is a course of that many updates that writes down what is asked of it; update number u tells u.
func told(updates, evaluations int) (*Course, *[]string) {
	var said []string
	c := &Course{Updates: updates, Evaluations: evaluations, Batch: 3}
	c.Parameters = func() []exam.Value { return []exam.Value{{Name: "size", Value: 7}} }
	c.Update = func(_ context.Context, number int) ([]exam.Value, error) {
		return []exam.Value{{Name: "number", Value: float64(number)}}, nil
	}
	c.Evaluate = func(context.Context, lab.Emitter) error {
		said = append(said, fmt.Sprintf("examined after %d", c.Now.Updates))
		return nil
	}
	c.Test = func(context.Context, lab.Emitter) error {
		said = append(said, fmt.Sprintf("tested after %d", c.Now.Updates))
		return nil
	}
	return c, &said
}

// finish advances to the end and returns what was emitted.
func finish(t *testing.T, c *Course) *papertest.Record {
	t.Helper()
	r := &papertest.Record{}
	for p := c.Progress(); p.Done < p.Total; {
		next, err := c.Advance(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if next.Done <= p.Done {
			t.Fatalf("progress stays at %d", p.Done)
		}
		p = next
	}
	return r
}

// By hand: 50 updates in units of 20, 20, 10; two evaluations beside the one at the start are due at 25 and 50, seen at 40 and 50.
func TestACourseExaminesBeforeDuringAndTestsAtTheEnd(t *testing.T) {
	c, said := told(50, 2)
	r := finish(t, c)
	if want := []string{"examined after 0", "examined after 40", "examined after 50", "tested after 50"}; !slices.Equal(*said, want) {
		t.Errorf("course says %q, want %q", *said, want)
	}
	got := r.Series("number")
	want := []lab.Float{9.5, 29.5, 44.5}
	for i := range want {
		if i >= len(got) || float64(got[i]-want[i]) > 1e-9 || float64(want[i]-got[i]) > 1e-9 {
			t.Fatalf("means are %v, want %v", got, want)
		}
	}
	if size := r.Series("size"); len(size) != 1 || size[0] != 7 || c.Episodes() != 150 || !c.Now.Tested {
		t.Errorf("sizes %v, %d episodes, tested %v", size, c.Episodes(), c.Now.Tested)
	}
}

func TestACourseWithoutUpdatesIsExaminedAndTested(t *testing.T) {
	c, said := told(0, 4)
	finish(t, c)
	if want := []string{"examined after 0", "tested after 0"}; !slices.Equal(*said, want) {
		t.Errorf("course says %q, want %q", *said, want)
	}
}

func TestAFailedTestIsNotCounted(t *testing.T) {
	c, _ := told(0, 1)
	broken := errors.New("broken")
	c.Test = func(context.Context, lab.Emitter) error { return broken }
	if p, err := c.Advance(t.Context(), &papertest.Record{}); !errors.Is(err, broken) || p.Done != 0 || c.Now.Tested {
		t.Errorf("progress %d of %d, error %v", p.Done, p.Total, err)
	}
}

// newStage is four ballets of two dances.
func newStage(t *testing.T) *ballet.Stage {
	t.Helper()
	s, err := ballet.NewBallet(ballet.BalletKnobs{Dancers: 2, Moves: 8, Delay: 2, Among: "any"}, 4)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAKeptClassGoesOnWithTheSameEpisodes(t *testing.T) {
	c, again := NewClass(newStage(t), 3), NewClass(newStage(t), 8)
	c.Watch()
	c.Answer()
	var kept bytes.Buffer
	if err := c.Snapshot(&kept); err != nil {
		t.Fatal(err)
	}
	if err := again.Restore(&kept); err != nil {
		t.Fatal(err)
	}
	c.Watch()
	again.Watch()
	if !slices.Equal(c.Obs.Data, again.Obs.Data) {
		t.Error("the next episodes differ")
	}
}

func TestAClassStandsAtItsQuestions(t *testing.T) {
	s := newStage(t)
	c := NewClass(s, 3)
	for range 2 {
		c.Watch()
		for b := range c.Actions {
			c.Actions[b] = s.Script(b).Answer
		}
		c.Answer()
		if !slices.Equal(c.Reward, []float32{1, 1, 1, 1}) {
			t.Errorf("right answers pay %v", c.Reward)
		}
	}
}
