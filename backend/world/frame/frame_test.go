package frame

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// count is an environment that knows its seed and how often it was touched.
type count struct {
	Seed  uint64
	Times int32
}

// make3 makes three environments that show two numbers each.
func make3(t *testing.T, knob int) *Batch[count] {
	t.Helper()
	f, err := New[count]("counts", world.Spec{Name: "counts", Obs: 2, Actions: []string{"a", "b"}}, map[string]int{"knob": knob}, 3)
	if err != nil {
		t.Fatal(err)
	}
	return &f
}

func TestABatchBeginsEveryEnvironmentWithItsOwnSeed(t *testing.T) {
	f, obs := make3(t, 1), []float32{9, 9, 9, 9, 9, 9}
	f.Envs[1].Times = 7
	f.Begin(5, obs, func(e *count, seed uint64) { e.Seed = seed; e.Times++ }, func(b int, obs []float32) { f.Row(obs, b)[0] = float32(b) })
	for b, e := range f.Envs {
		if e.Seed != world.EpisodeSeed(5, b, 0) || e.Times != 1 {
			t.Errorf("environment %d is %+v", b, e)
		}
	}
	if !slices.Equal(obs, []float32{0, 0, 1, 0, 2, 0}) || f.Seed != 5 || f.Size() != 3 || f.Width() != 2 {
		t.Errorf("observations are %v, seed %d", obs, f.Seed)
	}
}

func TestWrongSizesOfBatchesAreRefused(t *testing.T) {
	for _, size := range []int{0, -1, maxBatch + 1} {
		if _, err := New[count]("counts", world.Spec{}, nil, size); lab.CodeOf(err) != lab.Invalid || err == nil || !strings.Contains(err.Error(), "counts: batch is ") {
			t.Errorf("batch of %d: error %v", size, err)
		}
	}
}

func TestWrongCallsPanic(t *testing.T) {
	f := make3(t, 1)
	f.Check(3, 6, 3, 3)
	for name, call := range map[string]func(){
		"too few actions":     func() { f.Check(2, 6, 3, 3) },
		"wide observations":   func() { f.Check(3, 7, 3, 3) },
		"no rewards":          func() { f.Check(3, 6, 0, 3) },
		"too many done flags": func() { f.Check(3, 6, 3, 4) },
		"an action too many":  func() { f.Action([]int32{0, 2, 1}, 1) },
		"a negative action":   func() { f.Action([]int32{0, -1, 1}, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if said, _ := recover().(string); !strings.HasPrefix(said, "counts: ") {
					t.Errorf("panic says %q", said)
				}
			}()
			call()
		})
	}
	if a := f.Action([]int32{0, 1, 0}, 1); a != 1 {
		t.Errorf("action is %d", a)
	}
}

func TestAKeptBatchComesBackOnlyToItsOwnKnobs(t *testing.T) {
	f, again := make3(t, 1), make3(t, 1)
	f.Seed, f.Envs[2] = 11, count{Seed: 3, Times: 4}
	var kept bytes.Buffer
	if err := f.Snapshot(&kept); err != nil {
		t.Fatal(err)
	}
	if err := again.Restore(bytes.NewReader(kept.Bytes())); err != nil || again.Seed != 11 || !slices.Equal(again.Envs, f.Envs) {
		t.Errorf("restored %+v of seed %d, error %v", again.Envs, again.Seed, err)
	}
	if err := make3(t, 2).Restore(&kept); lab.CodeOf(err) != lab.Invalid || err == nil {
		t.Errorf("another knob restores with error %v", err)
	}
}
