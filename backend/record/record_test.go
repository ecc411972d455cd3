package record

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

// sample returns the i-th event of a made-up run: every kind but checkpoint and end occurs.
func sample(i int) lab.Event {
	switch i % 8 {
	case 0:
		return lab.Progress{Done: int64(i), Total: 1 << 20, Unit: "steps"}
	case 1:
		return lab.Step{Episode: int64(i / 64), T: i % 64, Saw: "<corridor> & a wall", Action: "left", Reward: -0.01, Numbers: map[string]lab.Float{"value": 0.5, "entropy": lab.Float(i)}}
	case 2:
		return lab.Context{Episode: int64(i / 64), T: i % 64, Limit: 64, Blocks: []lab.Block{{Name: "history", Count: i % 64}}}
	case 3:
		return lab.Memory{Op: lab.OpWrite, Bank: `a "quoted" bank`, Episode: int64(i / 64), T: i % 64, Entry: "e1", After: &lab.Entry{ID: "e1", Text: "turn left"}, Reason: "new"}
	case 4:
		return lab.Log{Level: "info", Text: fmt.Sprintf("line %d", i)}
	case 5:
		return lab.Episode{ID: int64(i / 64), Split: "train", X: int64(i), Steps: 64, Return: lab.Float(math.Inf(-1)), Why: lab.EndHorizon}
	}
	return lab.Metric{Name: "return", X: int64(i), Value: lab.Float(math.Sqrt(float64(i)))}
}

func emit(t testing.TB, w *Writer, events ...lab.Event) {
	t.Helper()
	for _, ev := range events {
		if err := w.Emit(ev); err != nil {
			t.Fatal(err)
		}
	}
}

func samples(from, to int) []lab.Event {
	var out []lab.Event
	for i := from; i < to; i++ {
		out = append(out, sample(i))
	}
	return out
}

// write makes a closed record of the events.
func write(t testing.TB, path string, events ...lab.Event) {
	t.Helper()
	w, err := Create(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	emit(t, w, events...)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, path string) *Reader {
	t.Helper()
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func payloads(t testing.TB, r *Reader) []string {
	t.Helper()
	var out []string
	for f, err := range r.Frames(0) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(f.Kind)+" "+string(f.Payload))
	}
	return out
}

func wantCode(t testing.TB, err error, code lab.Code, words ...string) {
	t.Helper()
	if err == nil || lab.CodeOf(err) != code {
		t.Fatalf("error is %v with code %q, want code %q", err, lab.CodeOf(err), code)
	}
	for _, word := range words {
		if !strings.Contains(err.Error()+" "+lab.HintOf(err), word) {
			t.Fatalf("error %q, hint %q lacks %q", err, lab.HintOf(err), word)
		}
	}
}

func TestEveryKindHasANumberThatReadsBack(t *testing.T) {
	for _, kind := range lab.Kinds() {
		if code := codeOf(kind); code == 0 || kindOf(code) != kind {
			t.Errorf("kind %q has number %d, which reads back as %q", kind, code, kindOf(code))
		}
	}
	if codeOf("other") != 0 || kindOf(0) != "" || kindOf(200) != "" {
		t.Error("an unknown kind or number is known")
	}
}

func TestWhatIsEmittedReadsBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.rec")
	at := time.Date(2026, 3, 4, 5, 6, 7, 89e6, time.UTC)
	w, err := Create(path, Options{Now: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	events := samples(0, 1000)
	emit(t, w, events...)
	if w.Seq() != 1000 {
		t.Errorf("next number is %d, want 1000", w.Seq())
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := open(t, path)
	if r.Len() != 1000 || r.Damage() != nil {
		t.Fatalf("record has %d events, damage %v", r.Len(), r.Damage())
	}
	enc := newEncoder()
	for f, err := range r.Frames(0) {
		if err != nil {
			t.Fatal(err)
		}
		ev, err := f.Event()
		if err != nil {
			t.Fatal(err)
		}
		_, again, err := enc.encode(ev)
		if err != nil {
			t.Fatal(err)
		}
		_, first, _ := newEncoder().encode(events[f.Seq])
		if !bytes.Equal(again, first) || !bytes.Equal(f.Payload, first) || !f.Time.Equal(at) {
			t.Fatalf("event %d at %v reads back as %s, want %s at %v", f.Seq, f.Time, f.Payload, first, at)
		}
	}
}

func TestAnyEventIsReachedByNumberAndByKind(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.rec")
	write(t, path, samples(0, 1000)...)
	r := open(t, path)
	for _, seq := range []int64{0, 1, sparse - 1, sparse, sparse + 1, 777, 999} {
		f, err := r.At(seq)
		if err != nil || f.Seq != seq || f.Kind != sample(int(seq)).Kind() {
			t.Errorf("event %d is %d of kind %q: %v", seq, f.Seq, f.Kind, err)
		}
	}
	_, err := r.At(1000)
	wantCode(t, err, lab.NotFound, "0 to 999")
	n := 0
	for f, err := range r.Frames(100, lab.KindEpisode) {
		if err != nil || f.Kind != lab.KindEpisode || f.Seq < 100 {
			t.Fatalf("event %d of kind %q: %v", f.Seq, f.Kind, err)
		}
		n++
	}
	if n != 113 { // numbers 101, 109, ..., 997: (997-101)/8 + 1
		t.Errorf("%d episodes from event 100 on, want 113", n)
	}
}

func TestScanGoesOnFromAPosition(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.rec")
	write(t, path, samples(0, 100)...)
	var at Position
	next := int64(0)
	for range 3 {
		for f, err := range Scan(path, at) {
			if err != nil || f.Seq != next {
				t.Fatalf("event %d, want %d: %v", f.Seq, next, err)
			}
			next, at = next+1, f.Next
			if next%40 == 0 {
				break
			}
		}
	}
	if next != 100 {
		t.Errorf("%d events seen, want 100", next)
	}
}

func TestASecondWriterLearnsWhoHoldsTheRecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.rec")
	w, err := Create(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, _, _, err = Resume(path, nil, Options{})
	wantCode(t, err, lab.Conflict, fmt.Sprintf("process %d", os.Getpid()), "run.rec")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + ".lock"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the lock file stays: %v", err)
	}
	_, err = Create(path, Options{})
	wantCode(t, err, lab.Conflict, "exists already")
	w, _, _, err = Resume(path, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// disk is a file that fails like a full disk after some bytes.
type disk struct {
	file
	left  int
	err   error
	syncs int
}

func (d *disk) Write(b []byte) (int, error) {
	n := min(len(b), d.left)
	d.left -= n
	if _, err := d.file.Write(b[:n]); err != nil || n == len(b) {
		return n, err
	}
	return n, d.err
}

func (d *disk) Sync() error { d.syncs++; return d.file.Sync() }

func TestAFullDiskSaysWhatIsSafeAndStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.rec")
	d := &disk{left: 5000, err: &os.PathError{Op: "write", Path: path, Err: syscall.ENOSPC}}
	w, err := Create(path, Options{wrap: func(f file) file { d.file = f; return d }})
	if err != nil {
		t.Fatal(err)
	}
	emit(t, w, samples(0, 10)...)
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	emit(t, w, samples(10, 200)...)
	wantCode(t, w.Flush(), lab.Unavailable, "events up to 9 are on disk", "no space left", "free space")
	wantCode(t, w.Emit(sample(200)), lab.Unavailable, "events up to 9 are on disk")
	wantCode(t, w.Close(), lab.Unavailable, "events up to 9 are on disk")

	// What reached the file is whole, and the run goes on from there.
	w, _, _, err = Resume(path, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if w.Cut() == 0 {
		t.Error("no torn tail was cut")
	}
	emit(t, w, samples(0, 300)...)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "run.rec")
	write(t, other, samples(0, 300)...)
	if diff, err := Equal(path, other); diff != nil || err != nil {
		t.Error(diff, err)
	}
}

func TestAReadOnlyFolderIsSaid(t *testing.T) {
	if os.Getuid() == 0 {
		_, err := Create("/proc/run.rec", Options{})
		wantCode(t, err, lab.Unavailable, "/proc/run.rec")
		return
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	_, err := Create(filepath.Join(dir, "run.rec"), Options{})
	wantCode(t, err, lab.Unavailable, "LOCI_HOME")
}

func TestEventsReachTheDiskWithinTheDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "run.rec")
		d := &disk{left: math.MaxInt}
		w, err := Create(path, Options{wrap: func(f file) file { d.file = f; return d }})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 5 {
			emit(t, w, sample(2*i), sample(2*i+1))
			<-time.After(time.Second) // the bubble's clock
			synctest.Wait()
			if w.Safe() != int64(2*i+2) || d.syncs != i+1 {
				t.Errorf("after %d s %d events are safe with %d syncs, want %d and %d", i+1, w.Safe(), d.syncs, 2*i+2, i+1)
			}
		}
		emit(t, w, lab.Checkpoint{Unit: 3})
		if w.Safe() != 11 {
			t.Errorf("a checkpoint event waits: %d events safe, want 11", w.Safe())
		}
		<-time.After(time.Minute)
		synctest.Wait()
		if d.syncs > 7 {
			t.Errorf("%d syncs although nothing was written", d.syncs)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestTailFollowsAGrowingRecordToItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "run.rec")
		w, err := Create(path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		r := open(t, path)
		done := make(chan []int64)
		go func() {
			var seen []int64
			for f, err := range r.Tail(t.Context(), 100*time.Millisecond, 1, lab.KindMetric, lab.KindEnd) {
				if err != nil {
					t.Error(err)
				}
				seen = append(seen, f.Seq)
			}
			done <- seen
		}()
		for i := range 20 {
			emit(t, w, sample(i))
			<-time.After(200 * time.Millisecond)
		}
		emit(t, w, lab.End{Status: lab.StatusDone})
		if got, want := fmt.Sprint(<-done), "[6 7 14 15 20]"; got != want {
			t.Errorf("tail saw %s, want %s", got, want)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestACopyByOffsetGrowsToTheSameBytes(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run.rec")
	w, err := Create(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := open(t, path)
	var remote bytes.Buffer
	for i := range 10 {
		emit(t, w, samples(i*50, i*50+50)...)
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if err := r.Refresh(); err != nil {
			t.Fatal(err)
		}
		next, err := r.CopyFrom(&remote, int64(remote.Len()))
		if err != nil || next != int64(remote.Len()) {
			t.Fatalf("next offset is %d, want %d: %v", next, remote.Len(), err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want, _ := os.ReadFile(path)
	if !bytes.Equal(remote.Bytes(), want) {
		t.Errorf("copy has %d bytes, want the %d of the record", remote.Len(), len(want))
	}
	_, err = r.CopyFrom(io.Discard, int64(len(want))+1)
	wantCode(t, err, lab.Invalid, "another record")
}

func TestEpisodesAreFoundAndSteppedInto(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.rec")
	const steps = 1000
	var events []lab.Event
	for i := range steps { // two episodes of parallel environments, interleaved
		for _, id := range []int64{7, 9} {
			events = append(events, lab.Context{Episode: id, T: i}, lab.Memory{Op: lab.OpRead, Bank: "b", Episode: id, T: i}, lab.Step{Episode: id, T: i})
		}
		if i == steps/2 {
			events = append(events, lab.Episode{ID: 8, Split: "train"})
		}
	}
	events = append(events, lab.Episode{ID: 9, Split: "eval", Detail: true}, lab.Episode{ID: 7, Split: "eval", Detail: true})
	write(t, path, events...)
	r := open(t, path)
	got := r.Episodes()
	if len(got) != 3 || got[0].ID != 7 || got[1].ID != 9 || got[2].ID != 8 || got[2].Steps != 0 {
		t.Fatalf("episodes are %+v", got)
	}
	if e := got[1]; e.First != 3 || e.Steps != steps || !e.Ended || e.Last != int64(len(events)-2) {
		t.Errorf("episode 9 is %+v", e)
	}
	for _, from := range []int{0, 1, 63, 64, 500, 999} {
		var seen []string
		for f, err := range r.EpisodeFrames(9, from) {
			if err != nil {
				t.Fatal(err)
			}
			id, at, _ := f.EpisodeOf()
			if id != 9 {
				t.Fatalf("event %d is of episode %d", f.Seq, id)
			}
			if seen = append(seen, fmt.Sprintf("%s %d", f.Kind, at)); len(seen) == 4 {
				break
			}
		}
		want := []string{fmt.Sprint("context ", from), fmt.Sprint("memory ", from), fmt.Sprint("step ", from), fmt.Sprint("context ", from+1)}
		if from == 999 {
			want[3] = "episode 0"
		}
		if fmt.Sprint(seen) != fmt.Sprint(want) {
			t.Errorf("from step %d: %v, want %v", from, seen, want)
		}
	}
	_, err := r.Episode(10)
	wantCode(t, err, lab.NotFound, "10")
}

func TestTheFastLookAtAnEpisodeAgreesWithDecoding(t *testing.T) {
	enc := newEncoder()
	for _, bank := range []string{"", "b", `x","episode":5,"t":6`, `\`, "\u2028", strings.Repeat("long", 100)} {
		_, payload, err := enc.encode(lab.Memory{Op: lab.OpWrite, Bank: bank, Episode: 12, T: 34})
		if err != nil {
			t.Fatal(err)
		}
		if id, at, ok := place(lab.KindMemory, payload); id != 12 || at != 34 || !ok {
			t.Errorf("bank %q: episode %d step %d %v", bank, id, at, ok)
		}
	}
	for _, kind := range []lab.Kind{lab.KindStep, lab.KindContext} {
		if id, at, ok := place(kind, []byte(`{ "t": 4, "episode": 3}`)); id != 3 || at != 4 || !ok {
			t.Errorf("%s by decoding: episode %d step %d %v", kind, id, at, ok)
		}
	}
	if id, _, ok := place(lab.KindEpisode, []byte(`{"split":"eval","id":3}`)); id != 3 || !ok {
		t.Errorf("episode by decoding: %d %v", id, ok)
	}
	if _, _, ok := place(lab.KindStep, []byte(`{"t":1}`)); ok {
		t.Error("a step without episode has a place")
	}
}

func TestEqualFindsTheFirstDifference(t *testing.T) {
	dir := t.TempDir()
	a, b, c := filepath.Join(dir, "a"), filepath.Join(dir, "b"), filepath.Join(dir, "c")
	write(t, a, samples(0, 100)...)
	write(t, b, samples(0, 90)...)
	changed := samples(0, 100)
	changed[42] = lab.Log{Text: "other"}
	write(t, c, changed...)
	if diff, err := Equal(a, a); diff != nil || err != nil {
		t.Error(diff, err)
	}
	diff, err := Equal(a, b)
	if err != nil || diff == nil || diff.Seq != 90 || diff.KindB != "" || !strings.Contains(diff.String(), "nothing") {
		t.Errorf("difference is %v: %v", diff, err)
	}
	diff, err = Equal(a, c)
	if err != nil || diff == nil || diff.Seq != 42 || !strings.Contains(diff.HeadB, "other") {
		t.Errorf("difference is %v: %v", diff, err)
	}
}

func BenchmarkEmitMetric(b *testing.B) {
	w, err := Create(filepath.Join(b.TempDir(), "run.rec"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	var ev lab.Event = lab.Metric{Name: "return", X: 123456, Value: 0.123456789}
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Emit(ev); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkOpen100kSteps(b *testing.B) {
	path := filepath.Join(b.TempDir(), "run.rec")
	w, err := Create(path, Options{})
	if err != nil {
		b.Fatal(err)
	}
	for i := range 100_000 {
		emit(b, w, lab.Step{Episode: 1, T: i, Saw: strings.Repeat("wall ", 20), Action: "left"})
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			r, err := Open(path)
			if err != nil {
				b.Fatal(err)
			}
			r.Close()
		}
	})
	b.Run("jump", func(b *testing.B) {
		r := open(b, path)
		i := 0
		for b.Loop() {
			i = (i + 7919) % 100_000
			for _, err := range r.EpisodeFrames(1, i) {
				if err != nil {
					b.Fatal(err)
				}
				break
			}
		}
	})
}
