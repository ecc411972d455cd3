package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

func wantCode(t *testing.T, err error, code lab.Code, words ...string) {
	t.Helper()
	if err == nil || lab.CodeOf(err) != code {
		t.Fatalf("error is %v (%s), want %s", err, lab.CodeOf(err), code)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q lacks %q", err, w)
		}
	}
}

func TestARunIsCancelledBeforeEveryUnitAndContinuedToTheSameRecord(t *testing.T) {
	t.Parallel() // tests here wait for the disk most of the time
	const units = 30
	want := undisturbed(t, units)
	dir := t.TempDir()
	var last lab.End
	for stop := int64(0); ; stop++ {
		ctx, cancel := context.WithCancel(t.Context())
		m := newScript(units)
		m.before = func(unit int64) error {
			if unit == stop {
				cancel()
				return ctx.Err()
			}
			return nil
		}
		end, err := Execute(ctx, config(dir, m))
		cancel()
		if m.closed != 1 {
			t.Fatalf("method was closed %d times", m.closed)
		}
		if err == nil {
			last = end
			break
		}
		if end.Status != lab.StatusCancelled || !errors.Is(err, context.Canceled) {
			t.Fatalf("stopped at unit %d: %+v, %v", stop, end, err)
		}
	}
	wantEqual(t, want, dir)
	wantFinal(t, want, last)
}

// wantFinal compares the last event with the one of another record.
func wantFinal(t *testing.T, dir string, got lab.End) {
	t.Helper()
	want, ok, err := Ended(filepath.Join(dir, RecordFile))
	if err != nil || !ok || len(want.Final) != 2 || fmt.Sprint(want) != fmt.Sprint(got) {
		t.Errorf("end is %+v, want %+v: %v", got, want, err)
	}
}

func TestARunIsCancelledInTheMiddleOfEveryUnitAndContinuedToTheSameRecord(t *testing.T) {
	t.Parallel()
	const units = 20
	want := undisturbed(t, units)
	for stop := range int64(units) {
		dir := t.TempDir()
		ctx, cancel := context.WithCancel(t.Context())
		m := newScript(units)
		m.middle = func(ctx context.Context, unit int64) error {
			if unit == stop {
				cancel()
			}
			return ctx.Err()
		}
		if _, err := Execute(ctx, config(dir, m)); !errors.Is(err, context.Canceled) {
			t.Fatalf("unit %d: %v", stop, err)
		}
		end, err := Execute(t.Context(), config(dir, newScript(units)))
		if err != nil {
			t.Fatalf("unit %d: %v", stop, err)
		}
		wantEqual(t, want, dir)
		wantFinal(t, want, end)
	}
}

func TestARunThatIsStoppedWhileItPlaysEventsAgainStaysAsItWas(t *testing.T) {
	t.Parallel()
	const units = 20
	dir := t.TempDir()
	stop := func(at int64) {
		ctx, cancel := context.WithCancel(t.Context())
		m := newScript(units)
		m.middle = func(ctx context.Context, unit int64) error {
			if unit == at {
				cancel()
			}
			return ctx.Err()
		}
		if end, err := Execute(ctx, config(dir, m)); err == nil || end.Status != lab.StatusCancelled {
			t.Fatalf("%+v, %v", end, err)
		}
	}
	stop(17)
	before := events(t, dir)
	for _, name := range checkpointFiles(t, dir) {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	stop(5) // begins anew, since no checkpoint is left, and gets nowhere near the events it has
	after := events(t, dir)
	if len(after) != len(before)-1 { // but for the End that was taken back
		t.Errorf("record has %d events, had %d", len(after), len(before))
	}
	if _, err := Execute(t.Context(), config(dir, newScript(units))); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, undisturbed(t, units), dir)
}

func checkpointFiles(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "checkpoint-*.ckpt"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no checkpoints in %s: %v", dir, err)
	}
	slices.Sort(names)
	return names
}

func TestCheckpointsLieEvenlyWhateverTheSizeOfUnits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		units, size int64
		want        int
	}{
		{1000, 8192, 39}, {40, 1, 39}, {10, 3, 9}, {7, 1000, 6}, {1, 1, 0}, {123, 7, 39},
	} {
		t.Run(fmt.Sprintf("%d units of %d", c.units, c.size), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			m := newScript(c.units)
			m.size = c.size
			if _, err := Execute(t.Context(), config(dir, m)); err != nil {
				t.Fatal(err)
			}
			var at []int64
			for _, ev := range events(t, dir) {
				if cp, ok := ev.(lab.Checkpoint); ok {
					at = append(at, cp.Unit)
				}
			}
			if len(at) != c.want {
				t.Fatalf("checkpoints after units %v, want %d", at, c.want)
			}
			for i := 1; i < len(at); i++ {
				if gap, even := at[i]-at[i-1], max(c.units/40, 1); gap < even || gap > even+1 {
					t.Errorf("%d units between two checkpoints, want about %d", gap, even)
				}
			}
		})
	}
}

func TestUnitsOfUnequalSizeGiveACheckpointForEachFortiethTheyPass(t *testing.T) {
	t.Parallel()
	before := int64(0)
	var at []int64
	for _, done := range []int64{1, 2, 24, 25, 500, 510, 511, 526, 974, 980, 999} {
		if due(before, lab.Progress{Done: done, Total: 1000}) {
			at = append(at, done)
		}
		before = done
	}
	if want := []int64{25, 500, 526, 974, 980}; !slices.Equal(at, want) {
		t.Errorf("checkpoints at %v, want %v", at, want)
	}
	if due(0, lab.Progress{Done: 5, Total: 0}) {
		t.Error("a checkpoint in a run of unknown length")
	}
}

func TestAFinishedRunIsNotRunAgain(t *testing.T) {
	t.Parallel()
	dir := undisturbed(t, 10)
	cfg := config(dir, nil)
	cfg.New = func() (lab.Method, error) { t.Error("the method was made again"); return nil, io.EOF }
	cfg.Tee = func(int64, lab.Event) { t.Error("an event was shown again") }
	end, err := Execute(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	wantFinal(t, dir, end)
}

func TestAMethodThatPanicsEndsTheRecordAsFailedWithTheNameOfTheRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := newScript(20)
	m.middle = func(_ context.Context, unit int64) error {
		if unit == 13 {
			panic("shapes [3] and [4] differ")
		}
		return nil
	}
	end, err := Execute(t.Context(), config(dir, m))
	wantCode(t, err, lab.Internal, "scripted", `arm "lstm"`, "seed 3", "unit 13", "shapes [3] and [4] differ")
	if m.closed != 1 {
		t.Error("the method was not closed")
	}
	if cause := errors.Unwrap(err); cause == nil || !strings.Contains(cause.Error(), "script_test.go") && !strings.Contains(cause.Error(), "run_test.go") {
		t.Errorf("the cause holds no stack: %v", cause)
	}
	all := events(t, dir)
	last, ok := all[len(all)-1].(lab.End)
	if !ok || last.Status != lab.StatusFailed || last.Code != lab.Internal || last.Error != err.Error() || last.Error != end.Error || last.Hint == "" {
		t.Errorf("record ends with %+v", all[len(all)-1])
	}
	if n := count(all, lab.KindEpisode); n != 13 || last.Final["weight"] == 0 {
		t.Errorf("record kept %d episodes and final %v", n, last.Final)
	}
	if _, err := Execute(t.Context(), config(dir, newScript(20))); err != nil { // mended
		t.Fatal(err)
	}
	wantEqual(t, undisturbed(t, 20), dir)
}

func TestAnErrorOfTheMethodEndsTheRecordAsFailedWithCodeAndHint(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		cfg  func(*Config, *script)
		code lab.Code
	}{
		{"in a unit", func(_ *Config, m *script) {
			m.before = func(unit int64) error {
				if unit == 12 {
					return lab.Errorf(lab.Budget, "loss is NaN at update 12").WithHint("lower rl.learning_rate")
				}
				return nil
			}
		}, lab.Budget},
		{"when it is made", func(c *Config, _ *script) {
			c.New = func() (lab.Method, error) {
				return nil, lab.Errorf(lab.Invalid, "loss is NaN before it began").WithHint("lower rl.learning_rate")
			}
		}, lab.Invalid},
		{"in a checkpoint", func(_ *Config, m *script) {
			m.snapshot = func(int64, io.Writer) error {
				return lab.Errorf(lab.Internal, "loss is NaN and cannot be kept").WithHint("lower rl.learning_rate")
			}
		}, lab.Internal},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := newScript(20)
			cfg := config(t.TempDir(), m)
			c.cfg(&cfg, m)
			_, err := Execute(t.Context(), cfg)
			wantCode(t, err, c.code, "loss is NaN")
			if strings.Count(err.Error(), "loss is NaN") != 1 {
				t.Errorf("the error says it twice: %v", err)
			}
			all := events(t, cfg.Dir)
			if _, ok := all[0].(lab.Start); !ok {
				t.Errorf("record begins with %+v", all[0])
			}
			if end, ok := all[len(all)-1].(lab.End); !ok || end.Code != c.code || end.Hint != "lower rl.learning_rate" {
				t.Errorf("record ends with %+v", all[len(all)-1])
			}
		})
	}
}

func TestAPanicWhereTheMethodIsMadeOrClosedIsAnErrorToo(t *testing.T) {
	t.Parallel()
	cfg := config(t.TempDir(), nil)
	cfg.New = func() (lab.Method, error) { panic("no world") }
	_, err := Execute(t.Context(), cfg)
	wantCode(t, err, lab.Internal, "no world")

	m := newScript(3)
	m.failing = errors.New("workers are stuck")
	if end, err := Execute(t.Context(), config(t.TempDir(), m)); err == nil || end.Status != lab.StatusDone || m.closed != 1 {
		t.Errorf("%+v, %v", end, err)
	}
}

func TestNaNIsKeptAsItIs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := newScript(5)
	m.weight = math.NaN()
	end, err := Execute(t.Context(), config(dir, m))
	if err != nil || !math.IsNaN(float64(end.Final["weight"])) || end.Final["parameters"] != 17 {
		t.Fatalf("%+v, %v", end, err)
	}
	kept, ok, err := Ended(filepath.Join(dir, RecordFile))
	if err != nil || !ok || !math.IsNaN(float64(kept.Final["weight"])) {
		t.Fatalf("%+v, %v", kept, err)
	}
}

func TestACheckpointThatCannotBeWrittenFailsTheRunAndItGoesOnLater(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	blocked := filepath.Join(dir, fmt.Sprintf("checkpoint-%012d.ckpt.tmp", 12))
	if err := os.MkdirAll(filepath.Join(blocked, "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	m := newScript(20)
	_, err := Execute(t.Context(), config(dir, m))
	wantCode(t, err, lab.Unavailable, "checkpoint")
	if _, ok, err := Ended(filepath.Join(dir, RecordFile)); ok || err != nil {
		t.Errorf("the record has an end: %v", err)
	}
	if err := os.RemoveAll(blocked); err != nil {
		t.Fatal(err)
	}
	if _, err := Execute(t.Context(), config(dir, newScript(20))); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, undisturbed(t, 20), dir)
}

// stopped is a run that was cancelled in the middle of that unit.
func stopped(t *testing.T, units, at int64) string {
	t.Helper()
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	m := newScript(units)
	m.middle = func(ctx context.Context, unit int64) error {
		if unit == at {
			cancel()
		}
		return ctx.Err()
	}
	if _, err := Execute(ctx, config(dir, m)); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	return dir
}

func TestDamagedCheckpointsFallBackToEarlierOnesOrTheBeginning(t *testing.T) {
	t.Parallel()
	const units = 200 // a checkpoint every 5 units
	want := undisturbed(t, units)
	cut := func(name string) error { return os.Truncate(name, 10) }
	flip := func(name string) error {
		b, err := os.ReadFile(name)
		if err == nil {
			b[len(b)/2] ^= 1
			err = os.WriteFile(name, b, 0o644)
		}
		return err
	}
	for _, c := range []struct {
		name   string
		newest func(string) error
		older  func(string) error
		first  int64 // unit that is played first
	}{
		{"all whole", nil, nil, 120},
		{"the newest is cut", cut, nil, 115},
		{"the newest has other bytes", flip, nil, 115},
		{"the newest is gone", os.Remove, nil, 115},
		{"both are gone", os.Remove, os.Remove, 0},
		{"one is cut, one is gone", cut, os.Remove, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := stopped(t, units, 123)
			files := checkpointFiles(t, dir)
			if len(files) != 2 {
				t.Fatalf("checkpoints are %v, want two", files)
			}
			for i, harm := range []func(string) error{c.older, c.newest} {
				if harm != nil {
					if err := harm(files[i]); err != nil {
						t.Fatal(err)
					}
				}
			}
			first := int64(-1)
			m := newScript(units)
			m.before = func(unit int64) error {
				if first < 0 {
					first = unit
				}
				return nil
			}
			end, err := Execute(t.Context(), config(dir, m))
			if err != nil || first != c.first {
				t.Fatalf("went on from unit %d, want %d: %v", first, c.first, err)
			}
			wantEqual(t, want, dir)
			wantFinal(t, want, end)
		})
	}
}

func TestAMethodThatNowGivesOtherEventsIsAConflictThatSaysSo(t *testing.T) {
	t.Parallel()
	dir := stopped(t, 200, 123)
	before := events(t, dir)
	m := newScript(200)
	m.padding = "door"
	_, err := Execute(t.Context(), config(dir, m))
	wantCode(t, err, lab.Conflict, "another build", "door")
	if n := strings.Count(err.Error(), "another build"); n != 1 {
		t.Errorf("the error says so %d times: %v", n, err)
	}
	if hint := lab.HintOf(err); !strings.Contains(hint, "build that began it") {
		t.Errorf("hint is %q", hint)
	}
	after := events(t, dir)
	if len(after) != len(before)-1 {
		t.Errorf("record has %d events, had %d with its end", len(after), len(before))
	}
	if _, err := Execute(t.Context(), config(dir, newScript(200))); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, undisturbed(t, 200), dir)
}

func TestAnErrorWhileEventsArePlayedAgainIsNoConflict(t *testing.T) {
	t.Parallel()
	dir := stopped(t, 200, 123)
	m := newScript(200)
	m.before = func(unit int64) error {
		if unit == 121 {
			return lab.Errorf(lab.Unavailable, "no memory is left")
		}
		return nil
	}
	end, err := Execute(t.Context(), config(dir, m))
	wantCode(t, err, lab.Unavailable, "no memory is left")
	if end.Status != lab.StatusFailed || strings.Contains(err.Error(), "another build") {
		t.Errorf("%+v, %v", end, err)
	}
	if _, err := Execute(t.Context(), config(dir, newScript(200))); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, undisturbed(t, 200), dir)
}

func TestARunGoesOnFromAnotherFolderAndCommitButNotWithAnotherKernelOrKey(t *testing.T) {
	t.Parallel()
	for _, at := range []int64{2, 123} { // before and after the first checkpoint
		dir := stopped(t, 200, at)
		cfg := config(dir, newScript(200))
		cfg.Start.Kernel = "avx2"
		_, err := Execute(t.Context(), cfg)
		wantCode(t, err, lab.Conflict, `"go"`, `"avx2"`)
		cfg = config(dir, newScript(200))
		cfg.Start.Key = "other"
		_, err = Execute(t.Context(), cfg)
		wantCode(t, err, lab.Conflict, `"abc"`, `"other"`)

		cfg = config(dir, newScript(200))
		cfg.Start.Commit, cfg.Start.Notebook, cfg.Start.Machine = "c2", "../n.md", "a larger one"
		if _, err := Execute(t.Context(), cfg); err != nil {
			t.Fatalf("stopped at unit %d: %v", at, err)
		}
		wantEqual(t, undisturbed(t, 200), dir)
	}
}

func TestTheGateBlocksBeforeAUnitAndItsErrorStopsTheRun(t *testing.T) {
	t.Parallel()
	const units = 20
	dir := t.TempDir()
	asked, open := make(chan int64), make(chan error)
	unit := int64(0)
	m := newScript(units)
	m.before = func(u int64) error { unit = u; return nil }
	cfg := config(dir, m)
	cfg.Gate = func(ctx context.Context) error {
		asked <- unit
		return <-open
	}
	type result struct {
		end lab.End
		err error
	}
	over := make(chan result)
	go func() {
		end, err := Execute(t.Context(), cfg)
		over <- result{end, err}
	}()
	for want := range int64(10) {
		if got := <-asked; got != max(want-1, 0) {
			t.Fatalf("gate was asked after unit %d, want %d", got, want-1)
		}
		open <- nil
	}
	<-asked
	select {
	case r := <-over:
		t.Fatalf("the run went through a closed gate: %+v", r)
	default:
	}
	open <- lab.Errorf(lab.Budget, "no time is left today")
	r := <-over
	wantCode(t, r.err, lab.Budget, "no time is left")
	if all := events(t, dir); r.end.Status != lab.StatusCancelled || all[len(all)-1].(lab.End).Status != lab.StatusCancelled || count(all, lab.KindEpisode) != 10 {
		t.Errorf("end is %+v after %d episodes", r.end, count(all, lab.KindEpisode))
	}
	if _, err := Execute(t.Context(), config(dir, newScript(units))); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, undisturbed(t, units), dir)
}

func TestWhoLooksOnSeesEveryNewEventOnceOverManyContinuations(t *testing.T) {
	t.Parallel()
	const units = 20
	dir := t.TempDir()
	var seen []lab.Event
	next := int64(0)
	for stop := int64(1); ; stop += 3 {
		ctx, cancel := context.WithCancel(t.Context())
		m := newScript(units)
		m.middle = func(ctx context.Context, unit int64) error {
			if unit == stop {
				cancel()
			}
			return ctx.Err()
		}
		cfg := config(dir, m)
		cfg.Tee = func(seq int64, ev lab.Event) {
			if seq != next {
				t.Fatalf("event %d was shown, want %d", seq, next)
			}
			next++
			seen = append(seen, ev)
		}
		_, err := Execute(ctx, cfg)
		cancel()
		if err == nil {
			break
		}
		if end, ok := seen[len(seen)-1].(lab.End); !ok || end.Status != lab.StatusCancelled {
			t.Fatalf("the end was not shown: %+v", seen[len(seen)-1])
		}
		seen, next = seen[:len(seen)-1], next-1 // the next execution takes it back
	}
	if all := events(t, dir); len(seen) != len(all) || fmt.Sprint(seen) != fmt.Sprint(all) {
		t.Errorf("%d events were shown, the record has %d", len(seen), len(all))
	}
}

func TestAFolderThatCannotBeMadeIsUnavailable(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Execute(t.Context(), config(filepath.Join(file, "run"), newScript(3)))
	wantCode(t, err, lab.Unavailable, "cannot be made")
	if lab.HintOf(err) == "" {
		t.Error("no hint")
	}
}

func TestARecordThatAnotherExecutionHoldsIsAConflict(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := newScript(20)
	m.before = func(unit int64) error {
		if unit == 5 {
			_, err := Execute(t.Context(), config(dir, newScript(20)))
			wantCode(t, err, lab.Conflict, "in use by process")
		}
		return nil
	}
	if _, err := Execute(t.Context(), config(dir, m)); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, undisturbed(t, 20), dir)
}

func TestARecordThatWasKilledWhileItWasMadeBeginsAnew(t *testing.T) {
	t.Parallel()
	for _, bytes := range []int64{0, 7, 16, 30} {
		dir := undisturbed(t, 10)
		if err := os.Truncate(filepath.Join(dir, RecordFile), bytes); err != nil {
			t.Fatal(err)
		}
		if _, ok, err := Ended(filepath.Join(dir, RecordFile)); ok || err != nil {
			t.Errorf("%d bytes: ended %v, %v", bytes, ok, err)
		}
		if _, err := Execute(t.Context(), config(dir, newScript(10))); err != nil {
			t.Fatalf("%d bytes: %v", bytes, err)
		}
		wantEqual(t, undisturbed(t, 10), dir)
	}
}

func TestADamagedRecordIsAnErrorThatNamesIt(t *testing.T) {
	t.Parallel()
	dir := stopped(t, 20, 14)
	path := filepath.Join(dir, RecordFile)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = Execute(t.Context(), config(dir, newScript(20)))
	wantCode(t, err, lab.Invalid, RecordFile)
	if _, err := record.Repair(path); err != nil {
		t.Fatal(err)
	}
	if _, err := Execute(t.Context(), config(dir, newScript(20))); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, undisturbed(t, 20), dir)
}

// TestARunWhoseStateIsWithAServiceThatIsAwayIsNotEnded: who restores a part takes any error for wrong bytes.
func TestARunWhoseStateIsWithAServiceThatIsAwayIsNotEnded(t *testing.T) {
	dir := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	first := newScript(80)
	first.before = func(unit int64) error {
		if unit == 20 {
			stop()
		}
		return nil
	}
	if _, err := Execute(ctx, config(dir, first)); lab.CodeOf(err) != lab.Cancelled {
		t.Fatal(err)
	}
	away := lab.Errorf(lab.Unavailable, "the service answers nonsense").WithHint("look at it")
	m := newScript(80)
	m.restore = lab.Errorf(lab.Invalid, "restoring model: %w", away)
	_, err := Execute(t.Context(), config(dir, m))
	if lab.CodeOf(err) != lab.Unavailable || lab.HintOf(err) != "look at it" || !strings.Contains(err.Error(), "answers nonsense") {
		t.Errorf("error is %v (%s), hint %q", err, lab.CodeOf(err), lab.HintOf(err))
	}
	if end, ok, err := Ended(filepath.Join(dir, RecordFile)); ok || err != nil {
		t.Errorf("the record has the end %+v, %v", end, err)
	}
	if end, err := Execute(t.Context(), config(dir, newScript(80))); err != nil || end.Status != lab.StatusDone {
		t.Errorf("later it ends as %+v, %v", end, err)
	}
	wantEqual(t, undisturbed(t, 80), dir)
}
