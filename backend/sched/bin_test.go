package sched

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/hub"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/store"
)

func TestADeletedRunIsMissingUntilItIsRestored(t *testing.T) {
	d := newDesk(t, &toyPapers{})
	j := d.wait(d.start(Options{}).ID, Done)
	key := j.Runs[0].Key
	if err := d.Bin(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	p := d.plan(Options{})
	wantStates(t, p.Runs, "deleted done done done")
	if _, _, ok := d.Source(t.Context(), p).Values("success", p.Runs[0].Arm, "", p.Runs[0].Seed); ok || p.Todo() != 1 {
		t.Errorf("a deleted run has values: %v; %d to do", ok, p.Todo())
	}
	if _, total, err := d.Store.FindRuns(t.Context(), store.RunFilter{}); err != nil || total != 3 {
		t.Errorf("%d runs, %v", total, err)
	}
	if j, err := d.Job(j.ID); err != nil || j.Runs[0].State != Deleted {
		t.Errorf("the job has it as %s, %v", j.Runs[0].State, err)
	}
	if err := d.Restore(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	wantStates(t, d.plan(Options{}).Runs, "done done done done")
	if err := d.Restore(t.Context(), key); lab.CodeOf(err) != lab.NotFound {
		t.Errorf("restored twice: %v", err)
	}
}

func TestADeletedRunThatIsWantedAgainIsRunFromItsBeginning(t *testing.T) {
	d := newDesk(t, &toyPapers{})
	j := d.wait(d.start(Options{}).ID, Done)
	key := j.Runs[0].Key
	if err := d.Bin(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	again := d.wait(d.start(Options{}).ID, Done)
	if again.Runs[0].Final["success"] != j.Runs[0].Final["success"] || !exists(d.Folder(key)+".old-1") {
		t.Errorf("%+v", again.Runs[0])
	}
	if in, err := d.Store.IsBinned(t.Context(), key); in || err != nil {
		t.Errorf("still in the bin: %v, %v", in, err)
	}
}

func TestTheBinIsEmptiedOfWhatIsOldEnough(t *testing.T) {
	d := newDesk(t, &toyPapers{})
	j := d.wait(d.start(Options{}).ID, Done)
	for _, r := range j.Runs[:2] {
		if err := d.Bin(t.Context(), r.Key); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := d.EmptyBin(t.Context(), time.Now().Add(-time.Hour)); n != 0 || err != nil {
		t.Errorf("%d removed, %v", n, err)
	}
	if n, err := d.EmptyBin(t.Context(), time.Time{}); n != 2 || err != nil {
		t.Errorf("%d removed, %v", n, err)
	}
	gone := func(r RunInfo) bool { return !exists(d.Folder(r.Key)) }
	if !gone(j.Runs[0]) || !gone(j.Runs[1]) || gone(j.Runs[2]) {
		t.Error("other folders are gone than those of the deleted runs")
	}
	wantStates(t, d.plan(Options{}).Runs, "- - done done")
}

func TestARunUnderWayIsNotDeleted(t *testing.T) {
	h := newHeld()
	d := newDesk(t, &toyPapers{step: h.step})
	j := d.start(Options{})
	<-h.at
	busy := j.Runs[0].Key
	if err := d.Bin(t.Context(), busy); lab.CodeOf(err) != lab.Conflict || lab.HintOf(err) == "" {
		t.Errorf("%v", err)
	}
	d.control(j.ID, "stop")
	d.wait(j.ID, CancelledSt)
}

func TestNoRunBeginsOnADiskThatIsTooFull(t *testing.T) {
	d := newDesk(t, &toyPapers{})
	free := int64(3e9)
	d.Disk = Disk{Free: func() (int64, error) { return free, nil }, Floor: func() int64 { return 2e9 }}
	if err := d.room(); err != nil {
		t.Error(err)
	}
	free = 1e9
	_, err := d.Start(t.Context(), d.plan(Options{}))
	if lab.CodeOf(err) != lab.Budget || !strings.Contains(err.Error(), "1.0 GB") || !strings.Contains(lab.HintOf(err), "bin") {
		t.Errorf("%v", err)
	}
	d.Disk.Free = func() (int64, error) { return 0, os.ErrPermission }
	if err := d.room(); err != nil {
		t.Errorf("a disk that cannot be asked stops work: %v", err)
	}
}

func TestAFullDiskPausesWorkAndSilenceIsToldOnce(t *testing.T) {
	h := newHeld()
	d := newDesk(t, &toyPapers{step: h.step})
	notices := d.Hub.Subscribe(t.Context(), hub.Filter{Topics: []string{hub.Notices}})
	j := d.start(Options{})
	<-h.at
	<-h.at
	d.mu.Lock()
	var quiet *live
	for _, l := range d.live {
		if l.snapshot().State == Running {
			quiet = l
		}
	}
	d.mu.Unlock()
	for i := range 6 { // units of 8 s, and then nothing for 41 s: five of them
		quiet.set(func(info *RunInfo) {
			info.Heard = time.Unix(1e9, 0).Add(time.Duration(8*i) * time.Second)
			quiet.pace.mark(info.Heard, int64(i))
		})
	}
	d.clock.mu.Lock()
	d.clock.now = time.Unix(1e9, 0).Add(81 * time.Second)
	d.clock.mu.Unlock()
	said := map[string]bool{}
	d.hearRuns(said)
	d.hearRuns(said)
	if m := <-notices; !strings.HasPrefix(m.Body.(lab.Log).Text, "No news for 42 s from ") || len(said) != 1 {
		t.Errorf("%+v, %v", m.Body, said)
	}
	d.Disk = Disk{Free: func() (int64, error) { return 1, nil }, Floor: func() int64 { return 2 }}
	d.guardDisk()
	d.guardDisk()
	if m := <-notices; !strings.HasPrefix(m.Body.(lab.Log).Text, "Paused: ") {
		t.Errorf("%+v", m.Body)
	}
	if j, err := d.Job(j.ID); err != nil || j.State != Paused {
		t.Errorf("%s, %v", j.State, err)
	}
	d.control(j.ID, "stop")
	d.wait(j.ID, CancelledSt)
	if _, seq := d.Hub.Last(hub.Notices); seq != -1 {
		t.Error("a notice has a record")
	}
	if n, _ := d.Hub.Last(hub.Notices); n != 2 {
		t.Errorf("%d notices, want 2", n)
	}
}

func TestLongWorkIsToldWhenItEnds(t *testing.T) {
	var c *clock
	d := newDesk(t, &toyPapers{step: func(context.Context, float64, uint64, int64) error {
		for range 10 {
			c.Now() // a unit takes 10 s
		}
		return nil
	}})
	c = d.clock
	notices := d.Hub.Subscribe(t.Context(), hub.Filter{Topics: []string{hub.Notices}})
	d.wait(d.start(Options{}).ID, Done)
	m := <-notices
	if text := m.Body.(lab.Log).Text; !strings.HasPrefix(text, "Done after ") || !strings.HasSuffix(text, ": Toys. 1 claim can be judged now") {
		t.Errorf("%q", text)
	}
	if !slices.Contains([]string{"1 claim", "2 claims"}, counted(2, "claim")) || spoken(3*time.Hour) != "3.0 h" {
		t.Error("words")
	}
}
