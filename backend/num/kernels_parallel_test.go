package num

import (
	"strings"
	"sync/atomic"
	"testing"
)

func TestWorkersCoverTheRangeOnceInContiguousChunks(t *testing.T) {
	for _, size := range []int{1, 2, 3, 5} {
		w := NewWorkers(size)
		for _, n := range []int{0, 1, 2, 4, 7, 64} {
			seen := make([]atomic.Int32, n)
			w.Do(n, func(i0, i1 int) {
				for i := i0; i < i1; i++ {
					seen[i].Add(1)
				}
			})
			for i := range seen {
				if got := seen[i].Load(); got != 1 {
					t.Fatalf("%d workers, n %d: index %d ran %d times", size, n, i, got)
				}
			}
		}
		w.Close()
	}
}

func TestWorkersCarryThePanicOfTheLowestChunkAndStayUsable(t *testing.T) {
	w := NewWorkers(3)
	defer w.Close()
	func() {
		defer func() {
			if v, _ := recover().(string); v != "chunk at 3" {
				t.Errorf("recovered %q, want the panic of the second chunk", v)
			}
		}()
		w.Do(9, func(i0, _ int) {
			if i0 > 0 {
				panic("chunk at " + string(rune('0'+i0)))
			}
		})
	}()
	var count atomic.Int32
	w.Do(9, func(i0, i1 int) { count.Add(int32(i1 - i0)) })
	if count.Load() != 9 {
		t.Errorf("after a panic the pool covered %d of 9", count.Load())
	}
}

func TestWorkersRunNestedAndClosedLoopsInTheCaller(t *testing.T) {
	w := NewWorkers(2)
	var count atomic.Int32
	w.Do(2, func(int, int) { w.Do(5, func(i0, i1 int) { count.Add(int32(i1 - i0)) }) })
	if count.Load() != 10 {
		t.Errorf("nested loops covered %d of 10", count.Load())
	}
	w.Close()
	w.Close()
	w.Do(4, func(i0, i1 int) { count.Store(int32(i1 - i0)) })
	if count.Load() != 4 {
		t.Errorf("a closed pool ran %d of 4 in the caller", count.Load())
	}
}

func TestWorkersAllocateNothingInSteadyState(t *testing.T) {
	w := NewWorkers(3)
	defer w.Close()
	var sum atomic.Int64
	f := func(i0, i1 int) { sum.Add(int64(i1 - i0)) }
	if got := testing.AllocsPerRun(50, func() { w.Do(100, f) }); got != 0 {
		t.Errorf("Do allocates %v times a call", got)
	}
}

func TestFamilySelection(t *testing.T) {
	names := Families()
	if names[len(names)-1] != "go" {
		t.Fatalf("families %v do not end with the plain one", names)
	}
	if best, err := Family(""); err != nil || best.Name != names[0] {
		t.Errorf("the best family is %q (%v), want %q", best.Name, err, names[0])
	}
	for _, name := range names {
		if k, err := Family(name); err != nil || k.Name != name {
			t.Errorf("Family(%q) gave %q, %v", name, k.Name, err)
		}
	}
	if _, err := Family("sse9"); err == nil || !strings.Contains(err.Error(), `"sse9"`) || !strings.Contains(err.Error(), "go") {
		t.Errorf("an unknown family gave %v, want an error with the name and the legal ones", err)
	}
}
