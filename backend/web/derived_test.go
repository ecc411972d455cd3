package web

import (
	"math"
	"os"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/settings"
)

// longRun gives the kit's owner a finished run with a long series, in its record and in what it answers.
func longRun(t *testing.T, k *kit) (g gathered, r sched.RunInfo) {
	t.Helper()
	events := []lab.Event{lab.Start{Key: "long"}}
	for i := range int64(longSeries) {
		y := math.Sin(float64(i))
		switch i {
		case 777:
			y = math.NaN()
		case 778:
			y = math.Inf(-1)
		}
		events = append(events, lab.Metric{Name: "suc/cess", X: i, Value: lab.Float(y)})
		k.owner.add("suc/cess", "lstm", 0, i, y)
	}
	k.owner.write(t, "long", append(events, lab.End{Status: lab.StatusDone})...)
	r = sched.RunInfo{Key: "long", State: sched.Done}
	r.Arm = "lstm"
	return gathered{src: k.owner}, r
}

// filesWritten waits for the files that are being written.
func filesWritten(s *Server) {
	s.curves.files.work.Wait()
}

func TestALongSeriesComesFromItsFileAsItCameFromTheIndex(t *testing.T) {
	k := newKit(t)
	g, r := longRun(t, k)
	wantX, wantY := k.s.curves.files.values(g, r, "suc/cess")
	filesWritten(k.s)
	path, _ := k.owner.Record("long")
	at := pointsFile(path, "suc/cess")
	if len(wantX) != longSeries || !exists(at) {
		t.Fatalf("%d points, file %q", len(wantX), at)
	}
	xs, ys, ok := k.s.curves.files.points("long", "suc/cess")
	if !ok || len(xs) != len(wantX) {
		t.Fatalf("%d points from the file, want %d", len(xs), len(wantX))
	}
	for i := range xs {
		if xs[i] != wantX[i] || math.Float64bits(ys[i]) != math.Float64bits(wantY[i]) {
			t.Fatalf("point %d is %d, %v; want %d, %v", i, xs[i], ys[i], wantX[i], wantY[i])
		}
	}
	if _, _, ok := k.s.curves.files.points("long", "other"); ok {
		t.Error("the file answers for another metric")
	}
	body, err := os.ReadFile(at)
	if err != nil {
		t.Fatal(err)
	}
	p, err := printOf(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, cut := range []int{0, 4, 30, 80, len(body) / 2, len(body) - 1} {
		if _, _, ok := decodePoints(body[:cut], p, "suc/cess"); ok {
			t.Errorf("the first %d bytes are taken for a file", cut)
		}
	}
	for _, flip := range []int{0, 9, 13, 22, 30, 70, 90, len(body) / 2, len(body) - 1} {
		body[flip] ^= 1
		if _, _, ok := decodePoints(body, p, "suc/cess"); ok {
			t.Errorf("a file with byte %d changed is believed", flip)
		}
		body[flip] ^= 1
	}
	k.owner.extend(t, "long", lab.Metric{Name: "suc/cess", X: longSeries, Value: 1}, lab.End{Status: lab.StatusDone})
	if _, _, ok := k.s.curves.files.points("long", "suc/cess"); ok {
		t.Error("the file answers for a record that has grown")
	}
}

func TestNoFileOfPointsIsWrittenWhere(t *testing.T) {
	for name, change := range map[string]func(k *kit, r *sched.RunInfo, g *gathered){
		"the disk is as full as the settings allow": func(k *kit, _ *sched.RunInfo, _ *gathered) {
			k.s.cfg.Settings = settings.Defaults()
			k.s.cfg.FreeDisk = func() (int64, error) { return 1e9, nil }
		},
		"the run goes on":         func(_ *kit, r *sched.RunInfo, _ *gathered) { r.State = sched.Running },
		"the values are recorded": func(_ *kit, _ *sched.RunInfo, g *gathered) { g.recorded = "elsewhere" },
		"the index has more values than the record": func(k *kit, _ *sched.RunInfo, _ *gathered) {
			k.owner.add("suc/cess", "lstm", 0, longSeries, 1)
		},
		"the record does not say that the run is over": func(k *kit, _ *sched.RunInfo, _ *gathered) {
			k.owner.extend(k.t.(*testing.T), "long", lab.Progress{})
		},
		"there is no record": func(k *kit, _ *sched.RunInfo, _ *gathered) {
			path, _ := k.owner.Record("long")
			if err := os.Remove(path); err != nil {
				k.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t)
			g, r := longRun(t, k)
			change(k, &r, &g)
			if xs, _ := k.s.curves.files.values(g, r, "suc/cess"); len(xs) < longSeries {
				t.Fatalf("%d points", len(xs))
			}
			filesWritten(k.s)
			path, _ := k.owner.Record("long")
			if at := pointsFile(path, "suc/cess"); exists(at) {
				t.Errorf("%q is written", at)
			}
		})
	}
}
