package sched

import (
	"testing"
	"time"
)

func TestPaceNeedsFiveUnitsAndCountsNoPause(t *testing.T) {
	var p pace
	start := time.Unix(0, 0)
	for i := range 5 {
		p.mark(start.Add(time.Duration(i)*time.Second), int64(i)*10)
	}
	if _, _, ok := p.left(100); ok {
		t.Fatal("four intervals gave an estimate")
	}
	p.mark(start.Add(5*time.Second), 50)
	low, high, ok := p.left(100) // 0.1 s each, all alike
	if !ok || low < 9.99 || high > 10.01 {
		t.Fatalf("left %v to %v, %v; want 10 to 10", low, high, ok)
	}
	p.pause()
	if _, _, ok := p.left(100); ok {
		t.Fatal("an estimate from before the pause")
	}
}

func TestPaceRangeHoldsTheMeanWhenFewUnitsAreLong(t *testing.T) {
	var p pace
	at := time.Unix(0, 0)
	p.mark(at, 0)
	for i := 1; i <= 20; i++ { // nineteen units of 1 s, one of 101 s: mean 6 s
		at = at.Add(time.Second)
		if i == 10 {
			at = at.Add(100 * time.Second)
		}
		p.mark(at, int64(i))
	}
	low, high, _ := p.left(1)
	if low > 1.001 || high < 5.99 {
		t.Fatalf("range %v to %v, want from 1 to at least 6", low, high)
	}
}

func TestSpreadIsTheLongestRunOrTheEvenShare(t *testing.T) {
	for _, c := range []struct {
		seconds []float64
		workers int
		want    time.Duration
	}{
		{[]float64{10, 1, 1}, 2, 10 * time.Second},
		{[]float64{4, 4, 4, 4}, 2, 8 * time.Second},
		{nil, 2, 0},
		{[]float64{3}, 0, 3 * time.Second},
	} {
		if got := spread(c.seconds, c.workers); got != c.want {
			t.Errorf("spread(%v, %d) is %v, want %v", c.seconds, c.workers, got, c.want)
		}
	}
}
