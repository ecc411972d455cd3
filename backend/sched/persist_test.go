package sched

import (
	"context"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

// sick is a service that fails for a while from its fourth question on.
type sick struct {
	lasts time.Duration
	since time.Time
	asked int
	tries int // that failed
}

func (s *sick) step(_ context.Context, _ float64, _ uint64, unit int64) error {
	if unit == 3 && s.since.IsZero() {
		s.since = time.Now()
	}
	if s.asked++; !s.since.IsZero() && time.Since(s.since) < s.lasts {
		s.tries++
		return lab.Errorf(lab.Unavailable, "the training service at near refused a step with status 500: out of order").WithHint("read the service's log, then resume the run")
	}
	return nil
}

func oneRun(model string) Options {
	return Options{Arms: []string{"good"}, Seeds: []uint64{0}, Model: model}
}

func TestARunWaitsForAServiceThatFailsForAMinuteAndItsRecordTellsNothingOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		well := newDesk(t, &toyPapers{})
		well.wait(well.start(oneRun("service near")).ID, Done)
		s := &sick{lasts: time.Minute}
		d := newDesk(t, &toyPapers{step: s.step})
		d.Owner.Now = time.Now
		began := time.Now()
		j := d.start(oneRun("service near"))
		time.Sleep(20 * time.Second) // of the bubble's own clock
		if r := d.jobView(j.ID).Runs[0]; r.State != Running || !strings.Contains(r.Where, "waits, and asks again after") || !strings.Contains(r.Where, "status 500") {
			t.Errorf("while the service fails the run is %s, %q", r.State, r.Where)
		}
		r := d.wait(j.ID, Done).Runs[0]
		if took := time.Since(began); took < time.Minute || took > 2*time.Minute || s.tries < 3 || r.Where != "" {
			t.Errorf("it took %v with %d questions that failed; the run stands as %q", took, s.tries, r.Where)
		}
		if diff, err := record.Equal(well.path(r.Key), d.path(r.Key)); err != nil || diff != nil {
			t.Errorf("the record differs from that of a run whose service was well: %v, %v", diff, err)
		}
	})
}

func TestARunGivesUpAServiceThatStaysAwayAndGoesOnLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sick{lasts: time.Hour}
		d := newDesk(t, &toyPapers{step: s.step})
		d.Owner.Now = time.Now
		began := time.Now()
		r := d.wait(d.start(oneRun("service near")).ID, Failed).Runs[0]
		if took := time.Since(began); took < askPatience || took > askPatience+time.Minute || r.State != Interrupted || !strings.Contains(r.Err, "status 500") {
			t.Errorf("after %v the run is %s: %s", took, r.State, r.Err)
		}
		time.Sleep(time.Hour)
		if r := d.wait(d.start(oneRun("service near")).ID, Done).Runs[0]; r.Done != 10 {
			t.Errorf("run again it did %d units", r.Done)
		}
	})
}

func TestOnlyARunThatGotSomewhereAtAServiceWaits(t *testing.T) {
	for name, c := range map[string]struct {
		model string
		first bool // it fails from its first unit on
	}{
		"a run of this process":    {"tiny", false},
		"a service that never was": {"service near", true},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &sick{lasts: time.Hour}
			if c.first {
				s.since = time.Now()
			}
			d := newDesk(t, &toyPapers{step: s.step})
			d.Owner.Now = time.Now
			began := time.Now()
			d.wait(d.start(oneRun(c.model)).ID, Failed)
			if took := time.Since(began); took > time.Second || s.tries != 1 {
				t.Errorf("%s was asked %d times in %v", name, s.tries, took)
			}
		})
	}
}

func TestARunThatWaitsForItsServiceIsStoppedAtOnce(t *testing.T) {
	for _, verb := range []string{"stop", "finish"} {
		synctest.Test(t, func(t *testing.T) {
			s := &sick{lasts: time.Hour}
			d := newDesk(t, &toyPapers{step: s.step})
			d.Owner.Now = time.Now
			j := d.start(oneRun("service near"))
			time.Sleep(5 * time.Minute)
			began := time.Now()
			d.control(j.ID, verb)
			for v := d.jobView(j.ID); v.State == Running || v.State == Finishing; v = d.jobView(j.ID) {
				synctest.Wait()
			}
			if took := time.Since(began); took > time.Second {
				t.Errorf("%s took %v", verb, took)
			}
			if _, err := os.Stat(d.path(j.Runs[0].Key)); err != nil {
				t.Error(err)
			}
		})
	}
}
