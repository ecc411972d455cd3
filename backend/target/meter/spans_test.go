package meter

import (
	"testing"
	"time"
)

func TestStretchesThatMeetCountOnce(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(1e9+int64(s), 0) }
	for name, c := range map[string]struct {
		in   [][2]int
		want float64
		left int
	}{
		"none":                           {nil, 0, 0},
		"one":                            {[][2]int{{1, 4}}, 3, 1},
		"an empty one is none":           {[][2]int{{4, 4}, {5, 2}}, 0, 0},
		"two apart, the later one first": {[][2]int{{6, 8}, {1, 4}}, 5, 2},
		"two that meet":                  {[][2]int{{1, 4}, {4, 6}}, 5, 1},
		"two that overlap":               {[][2]int{{1, 4}, {3, 6}}, 5, 1},
		"one within another":             {[][2]int{{1, 9}, {3, 4}}, 8, 1},
		"one over several":               {[][2]int{{1, 2}, {4, 5}, {7, 8}, {20, 21}, {0, 10}}, 11, 2},
		"one that joins two":             {[][2]int{{1, 2}, {4, 5}, {2, 4}}, 4, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var s spans
			for _, x := range c.in {
				s.add(at(x[0]), at(x[1]))
			}
			if got := s.seconds(); got != c.want || len(s) != c.left {
				t.Errorf("%v are %v s in %d stretches, want %v in %d", c.in, got, len(s), c.want, c.left)
			}
		})
	}
}
