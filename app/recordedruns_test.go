package app

import (
	"path/filepath"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/experiments"
)

func TestEveryShippedRunCanBeSteppedThrough(t *testing.T) {
	shelf := &shippedRuns{recorded: newRecorded(experiments.Files), cache: filepath.Join(t.TempDir(), "cache")}
	total := 0
	for _, doc := range shippedNotebooks(t) {
		runs := shelf.RecordedRuns(doc.File)
		if res := readResults(experiments.Files, resultsFile(doc.File, "fast")); res == nil || len(runs) == 0 && len(res.Data) == 0 {
			t.Errorf("%s ships without a whole run", doc.File)
		}
		for _, r := range runs {
			total++
			path, ok, err := shelf.Record(r.Key)
			if err != nil || !ok {
				t.Errorf("%s, arm %s: %v %v", doc.File, r.Arm, ok, err)
				continue
			}
			begun, kept, steps := false, map[int64]bool{}, 0
			err = run.Events(path, func(ev lab.Event) (bool, error) {
				switch ev := ev.(type) {
				case lab.Start:
					begun = ev.Key == r.Key && ev.Arm == r.Arm && ev.Case == r.Case && ev.Seed == r.Seed
				case lab.Episode:
					kept[ev.ID] = ev.Detail
				case lab.Step:
					steps++
				}
				return true, nil
			})
			if err != nil || !begun || steps == 0 {
				t.Errorf("%s, arm %s: begun as named %v, %d steps, %v", doc.File, r.Arm, begun, steps, err)
			}
			if _, end, err := run.Ended(path); err != nil || !end {
				t.Errorf("%s, arm %s has no end: %v", doc.File, r.Arm, err)
			}
		}
	}
	if total == 0 {
		t.Error("no whole run ships")
	}
	if _, ok, err := shelf.Record("0123456789"); ok || err != nil {
		t.Errorf("a run that does not ship was found: %v", err)
	}
}
