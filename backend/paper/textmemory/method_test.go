package textmemory

import (
	"bytes"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

func TestAMemoryOfQuestionsAnswersThoseThatComeAgain(t *testing.T) {
	world := given{"kind": "word-problems", "steps": "2", "number": 6}
	play := given{"kind": Reader, "episodes": 40, "pool": 10, "points": 4}
	for kind, want := range map[string][]lab.Float{"none": {0, 0, 0, 0}, "bm25": {0, 1, 1, 1}, "full": {0, 1, 1, 1}} {
		got := finish(t, begin(t, setup(t, world, play, given{"kind": kind}), 1, lab.Bench{})).Series(MetricSuccess)
		for i := range want {
			if len(got) != len(want) || got[i] != want[i] {
				t.Errorf("%s: success is %v, want %v", kind, got, want)
				break
			}
		}
	}
}

func TestAStoppedRunGoesOnAsIfItHadNot(t *testing.T) {
	for name, s := range map[string]lab.Setup{
		"house, memrl":    setup(t, given{"kind": "house"}, given{"kind": Reader, "episodes": 12, "points": 3, "kept": 2}, given{"kind": "memrl"}),
		"math, embedding": setup(t, given{"kind": "word-problems"}, given{"kind": Reader, "episodes": 9, "pool": 4}, given{"kind": "embedding"}),
		"yardstick":       setup(t, given{"kind": "house"}, given{"kind": Reference, "policy": "full-memory", "episodes": 9}, nil),
	} {
		want := finish(t, begin(t, s, 3, lab.Bench{})).Text(t)
		m, all := begin(t, s, 3, lab.Bench{}), &record{}
		for all.Advance(t, m) {
			var kept bytes.Buffer
			if err := m.Snapshot(&kept); err != nil {
				t.Fatal(err)
			}
			again := begin(t, s, 3, lab.Bench{Threads: 2})
			if err := again.Restore(&kept); err != nil {
				t.Fatal(name, err)
			}
			if kept.Len() > 0 {
				t.Fatalf("%s: %d bytes of the state were not read", name, kept.Len())
			}
			m = again
		}
		if got := all.Text(t); got != want {
			t.Errorf("%s: a run that is stopped behind every episode differs", name)
		}
	}
}
