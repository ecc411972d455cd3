package sched

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/target"
	"github.com/loci-lab/loci/backend/target/site"
)

// far is a scripted site.Site: a worker carries an order out at once, and each look shows a fifth more of its records.
type far struct {
	dir    string
	papers *toyPapers
	clock  time.Duration                                           // by which the clock there is ahead
	spoil  func(key string, from int64, b []byte) []byte           // what the network makes of bytes; nil for nothing
	seen   func(key string, looks int, s site.Seen) site.Seen      // what a look says of a run; nil for the truth
	fetch  func(ctx context.Context, key string, from int64) error // fails a fetch; nil for none
	unfit  func() error                                            // fails a Clean; nil for none
	mu     sync.Mutex
	looks  int
	orders []string // Submit, Cancel and Clean as they came
}

func (f *far) note(what string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.orders = append(f.orders, what)
}

func (f *far) record(key string) string { return filepath.Join(f.dir, key, run.RecordFile) }

func (*far) Check(context.Context, func(target.Answer)) error { return nil }
func (*far) Close() error                                     { return nil }

func (f *far) Submit(ctx context.Context, o run.Order) error {
	f.note("submit")
	w := run.Worker{Dir: f.dir, New: f.papers.New, Code: f.papers.Code, Commit: "far", Machine: "far", Bench: lab.Bench{Kernel: "go"}}
	if err := w.Do(ctx, o); err != nil {
		return err
	}
	for _, r := range o.Runs {
		if err := f.shift(f.record(r.Key)); err != nil {
			return err
		}
	}
	return nil
}

// shift writes a record anew as by a computer whose clock is ahead.
func (f *far) shift(path string) error {
	if f.clock == 0 {
		return nil
	}
	w, err := record.Create(path+".new", record.Options{Now: func() time.Time { return time.Now().Add(f.clock) }})
	if err != nil {
		return err
	}
	err = run.Events(path, func(ev lab.Event) (bool, error) { return true, w.Emit(ev) })
	if closed := w.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func (f *far) Look(_ context.Context, o run.Order) (site.Sight, error) {
	f.mu.Lock()
	f.looks++
	looks := f.looks
	f.mu.Unlock()
	s := site.Sight{Runs: map[string]site.Seen{}, Free: -1}
	for _, r := range o.Runs {
		info, err := os.Stat(f.record(r.Key))
		if err != nil {
			return s, lab.Errorf(lab.NotFound, "there is no order %s", o.ID)
		}
		seen := site.Seen{State: site.Running, Bytes: info.Size() * int64(min(looks, 5)) / 5}
		if looks > 5 {
			seen.State = site.Gone
		}
		if f.seen != nil {
			seen = f.seen(r.Key, looks, seen)
		}
		s.Runs[r.Key] = seen
	}
	return s, nil
}

func (f *far) Fetch(ctx context.Context, _, key string, from int64, w io.Writer) error {
	if f.fetch != nil {
		if err := f.fetch(ctx, key, from); err != nil {
			return err
		}
	}
	b, err := os.ReadFile(f.record(key))
	if err != nil {
		return lab.Errorf(lab.Unavailable, "%w", err)
	}
	b = bytes.Clone(b[min(from, int64(len(b))):])
	if f.spoil != nil {
		b = f.spoil(key, from, b)
	}
	_, err = w.Write(b)
	return err
}

func (f *far) Cancel(context.Context, run.Order) error { f.note("cancel"); return nil }

func (f *far) Clean(_ context.Context, o run.Order) error {
	f.note("clean")
	if f.unfit != nil {
		if err := f.unfit(); err != nil {
			return err
		}
	}
	for _, r := range o.Runs {
		if err := os.RemoveAll(filepath.Join(f.dir, r.Key)); err != nil {
			return err
		}
	}
	return nil
}

// withFar runs a test in a bubble with its own clock, over an owner whose target is a far one.
func withFar(t *testing.T, f func(t *testing.T, d *desk, there *far)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		papers := &toyPapers{}
		there := &far{dir: t.TempDir(), papers: papers}
		d := newDesk(t, papers)
		d.close()
		d.places = func(string) (Elsewhere, error) {
			return Elsewhere{Site: there, Kind: "ssh", AtOnce: 1, Threads: 1}, nil
		}
		d.open()
		f(t, d, there)
	})
}

// wantOriginals wants each run's record as it is there, byte for byte.
func (d *desk) wantOriginals(there map[string][]byte) {
	d.t.Helper()
	for key, want := range there {
		if have, err := os.ReadFile(d.path(key)); err != nil || !bytes.Equal(have, want) {
			d.t.Errorf("the record of %s differs from its original: %d and %d bytes, %v", key, len(have), len(want), err)
		}
	}
}

// keeping has the originals kept before they are cleaned away.
func (f *far) keeping() map[string][]byte {
	kept := map[string][]byte{}
	var mu sync.Mutex
	f.seen = func(key string, _ int, s site.Seen) site.Seen {
		mu.Lock()
		defer mu.Unlock()
		if _, ok := kept[key]; !ok {
			kept[key], _ = os.ReadFile(f.record(key)) // Look has seen it
		}
		return s
	}
	return kept
}

func TestRunsOfAComputerWhoseClockIsHoursOffComeBackWholeAndAreOfToday(t *testing.T) {
	for _, ahead := range []time.Duration{5 * time.Hour, -5 * time.Hour} {
		withFar(t, func(t *testing.T, d *desk, there *far) {
			there.clock = ahead
			kept := there.keeping()
			j := d.wait(d.start(Options{Target: "there"}).ID, Done)
			d.wantOriginals(kept)
			now := d.clock.Now()
			for _, r := range j.Runs {
				if r.Seconds <= 0 || r.Seconds > 3600 || r.Heard.After(now) || now.Sub(r.Heard) > time.Hour || r.Started.After(r.Heard) {
					t.Errorf("%v ahead: run began %v, was heard %v, took %v s, and it is %v", ahead, r.Started, r.Heard, r.Seconds, now)
				}
				row, err := d.Store.FindRun(t.Context(), r.Key)
				if err != nil || row.Ended.After(now) || row.Ended.Before(row.Started) || row.Heard.Before(row.Started) {
					t.Errorf("%v ahead: the library says %v to %v, heard %v, %v", ahead, row.Started, row.Ended, row.Heard, err)
				}
			}
		})
	}
}

func TestABitThatFlipsOnItsWayIsToldAndReadAnew(t *testing.T) {
	for name, at := range map[string]int{"in an event": 400, "in the length of an event": 17, "in the head": 3, "in the last event": -20} {
		withFar(t, func(t *testing.T, d *desk, there *far) {
			kept := there.keeping()
			flips := map[string]int{}
			var mu sync.Mutex
			there.spoil = func(key string, from int64, b []byte) []byte {
				mu.Lock()
				defer mu.Unlock()
				place := at - int(from)
				if at < 0 {
					place = len(b) + at
				}
				if flips[key] < 2 && place >= 0 && place < len(b) {
					flips[key]++
					b[place] ^= 0x40
				}
				return b
			}
			j := d.wait(d.start(Options{Target: "there"}).ID, Done)
			d.wantOriginals(kept)
			if len(flips) != len(j.Runs) {
				t.Errorf("%s: %d of %d runs were spoilt", name, len(flips), len(j.Runs))
			}
		})
	}
}

func TestARecordThatIsBrokenThereEndsItsRunAloneAndIsComputedAnew(t *testing.T) {
	withFar(t, func(t *testing.T, d *desk, there *far) {
		p := d.plan(Options{Target: "there"})
		broken := p.Runs[1].Key
		there.spoil = func(key string, from int64, b []byte) []byte {
			if key == broken && from < 700 && int(700-from) < len(b) {
				b[700-from] ^= 1
			}
			return b
		}
		j := d.wait(d.start(Options{Target: "there"}).ID, Failed)
		wantStates(t, j.Runs, "done interrupted done done")
		if r := j.Runs[1]; !strings.Contains(r.Err, "the record on there is broken") || !strings.Contains(r.Hint, "computed anew") {
			t.Errorf("it is said %q, to do %q", r.Err, r.Hint)
		}
		there.spoil, there.looks = nil, 0
		kept := there.keeping()
		d.wait(d.start(Options{Target: "there"}).ID, Done)
		if len(kept) != 1 {
			t.Errorf("%d runs were sent again, want the broken one alone", len(kept))
		}
		if d, err := record.Equal(d.path(broken), d.path(broken)); err != nil || d != nil {
			t.Errorf("the record is %v, %v", d, err)
		}
		if all := events(t, d.path(broken)); all[len(all)-1] != lab.KindEnd {
			t.Errorf("the record has %v", all)
		}
	})
}

func events(t *testing.T, path string) (kinds []lab.Kind) {
	t.Helper()
	if err := run.Events(path, func(ev lab.Event) (bool, error) { kinds = append(kinds, ev.Kind()); return true, nil }); err != nil {
		t.Fatal(err)
	}
	return kinds
}

func TestAConnectionThatIsLostForAMinuteLosesNothing(t *testing.T) {
	withFar(t, func(t *testing.T, d *desk, there *far) {
		kept := there.keeping()
		var from time.Time
		var failed int
		there.fetch = func(context.Context, string, int64) error {
			there.mu.Lock()
			defer there.mu.Unlock()
			if from.IsZero() {
				from = time.Now()
			}
			if time.Since(from) < time.Minute {
				failed++
				return lab.Errorf(lab.Unavailable, "the connection was lost")
			}
			return nil
		}
		began := time.Now()
		d.wait(d.start(Options{Target: "there"}).ID, Done)
		d.wantOriginals(kept)
		if took := time.Since(began); took < time.Minute || took > 90*time.Second || failed < 5 {
			t.Errorf("it took %v with %d lost questions", took, failed)
		}
	})
}

func TestRunsThatCameBackAreNotSentAgainWhenLociIsStartedAnew(t *testing.T) {
	withFar(t, func(t *testing.T, d *desk, there *far) {
		first := d.plan(Options{Target: "there"}).Runs[0].Key
		there.seen = func(key string, _ int, s site.Seen) site.Seen {
			if key != first {
				s = site.Seen{State: site.Waiting}
			}
			return s
		}
		j := d.start(Options{Target: "there"})
		for v, _ := d.Job(j.ID); v.Runs[0].State != Done; v, _ = d.Job(j.ID) {
			time.Sleep(time.Second) // of the bubble's own clock
		}
		time.Sleep(time.Second)
		if back, err := os.ReadFile(d.backFile(d.tickets()[0].Order.ID)); err != nil || strings.TrimSpace(string(back)) != first {
			t.Fatalf("what is back is noted as %q, %v", back, err)
		}
		d.close()
		there.seen, there.looks = nil, 0
		d.open()
		if err := d.Adopt(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.wait("job-1", Done)
		if n := len(d.jobView("job-1").Runs); n != 3 {
			t.Errorf("%d runs were followed, want the 3 that lacked", n)
		}
		if left, _ := os.ReadDir(filepath.Join(d.home, "orders")); len(left) != 0 {
			t.Errorf("%d notes are left", len(left))
		}
		if strings.Join(there.orders, " ") != "submit clean" {
			t.Errorf("the target was told %v", there.orders)
		}
	})
}

func (d *desk) jobView(id string) Job {
	d.t.Helper()
	j, err := d.Job(id)
	if err != nil {
		d.t.Fatal(err)
	}
	return j
}

// wantNothing wants no note on an order here, and no run there but these.
func (d *desk) wantNothing(there *far, but ...string) {
	d.t.Helper()
	if left, _ := os.ReadDir(filepath.Join(d.home, "orders")); len(left) != 0 {
		d.t.Errorf("%d notes are left", len(left))
	}
	left, _ := os.ReadDir(there.dir)
	var names []string
	for _, l := range left {
		names = append(names, l.Name())
	}
	if !slices.Equal(names, but) {
		d.t.Errorf("the target still has %v, want %v", names, but)
	}
}

func TestWhatIsLeftOnATargetThatIsAwayAtThatMomentIsRemovedOnceItIsBack(t *testing.T) {
	withFar(t, func(t *testing.T, d *desk, there *far) {
		back := time.Now().Add(time.Minute)
		there.unfit = func() error {
			if time.Now().Before(back) {
				return lab.Errorf(lab.Unavailable, "the connection was lost")
			}
			return nil
		}
		d.wait(d.start(Options{Target: "there"}).ID, Done)
		d.wantNothing(there)
	})
}

func TestWhatALostWayOrAKillLeftOnATargetIsRemovedTheNextTime(t *testing.T) {
	away := func() error { return lab.Errorf(lab.Unavailable, "the connection was lost") }
	for name, next := range map[string]func(d *desk){
		"by who opens the pages": func(d *desk) {
			if err := d.Adopt(d.t.Context()); err != nil {
				d.t.Error(err)
			}
		},
		"by who sends more runs there": func(d *desk) { d.wait(d.start(Options{Target: "there", Seeds: []uint64{7}}).ID, Done) },
	} {
		withFar(t, func(t *testing.T, d *desk, there *far) {
			there.unfit = away
			lost := d.plan(Options{Target: "there"}).Runs[1].Key
			there.seen = func(key string, _ int, s site.Seen) site.Seen {
				if key == lost {
					s = site.Seen{State: site.Gone, Bytes: 400}
				}
				return s
			}
			there.spoil = func(key string, from int64, b []byte) []byte {
				if key == lost {
					b = b[:max(0, 400-from)]
				}
				return b
			}
			d.wait(d.start(Options{Target: "there"}).ID, Failed)
			if n := len(d.tickets()); n != 1 {
				t.Fatalf("%s: %d notes on orders, want the one of which something is left", name, n)
			}
			d.close()
			there.unfit, there.seen, there.spoil = nil, nil, nil
			d.open()
			next(d)
			synctest.Wait()
			d.wantNothing(there, lost) // it goes on from its checkpoints there
			if said := strings.Join(there.orders, " "); !strings.Contains(said, "cancel clean") {
				t.Errorf("%s: the target was told %s", name, said)
			}
		})
	}
}

func TestWhatAKillLeftOnATargetBeforeItWasNotedIsRemovedByWhoSendsMoreThere(t *testing.T) {
	withFar(t, func(t *testing.T, d *desk, there *far) {
		there.unfit = func() error { return lab.Errorf(lab.Unavailable, "the connection was lost") }
		d.wait(d.start(Options{Target: "there"}).ID, Done)
		if err := os.Remove(d.backFile(d.tickets()[0].Order.ID)); err != nil {
			t.Fatal(err)
		}
		d.close()
		there.unfit = nil
		d.open()
		d.wait(d.start(Options{Target: "there", Seeds: []uint64{7}}).ID, Done)
		d.wantNothing(there)
	})
}

func TestARunThatWasSentAnewIsNotRemovedWithWhatAnEarlierOrderLeft(t *testing.T) {
	withFar(t, func(t *testing.T, d *desk, there *far) {
		there.unfit = func() error { return lab.Errorf(lab.Unavailable, "the connection was lost") }
		d.wait(d.start(Options{Target: "there"}).ID, Done)
		old, anew := d.tickets()[0], d.tickets()[0]
		there.unfit, anew.Back = nil, nil
		anew.Order.ID, anew.Order.Runs = newID(), anew.Order.Runs[:1]
		if err := d.keepTicket(anew); err != nil {
			t.Fatal(err)
		}
		d.clear(Elsewhere{Site: there}, old, old.Order, false)
		if all := d.tickets(); len(all) != 1 || all[0].Order.ID != anew.Order.ID {
			t.Errorf("%d notes are left, want that of the newer order", len(all))
		}
		left, _ := os.ReadDir(there.dir)
		if len(left) != 1 || left[0].Name() != anew.Order.Runs[0].Key {
			t.Errorf("the target has %v, want the run of the newer order", left)
		}
	})
}
