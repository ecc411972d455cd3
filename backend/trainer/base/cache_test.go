package base

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
)

// finished is a data folder with the finished base, and its maker.
func finished(t *testing.T) (string, *Maker) {
	t.Helper()
	home := t.TempDir()
	m := maker(t, home, nil)
	to(t, t.Context(), m, steps)
	return home, m
}

func TestAFinishedBaseIsTakenFromTheCache(t *testing.T) {
	home, first := finished(t)
	same(t, first, whole(t))
	again := maker(t, home, never(t))
	to(t, t.Context(), again, 1) // whatever part is asked for
	same(t, again, first)
	if again.Dir() != filepath.Join(home, "bases", again.Key) || again.Step() != steps {
		t.Errorf("it lies in %s, step %d", again.Dir(), again.Step())
	}
	entries, err := os.ReadDir(filepath.Join(home, "bases"))
	if err != nil || len(entries) != 2 { // the base and its lock
		t.Errorf("there are %v, %v", entries, err)
	}
	f, err := llm.ReadFolder(again.Dir())
	if err != nil || f.Model.Shape != first.Spec.Shape || f.Ends[0] != first.Words().End() {
		t.Errorf("its folder reads as %+v, %v", f, err)
	}
}

// die ends a maker as a killed process does: the lock is free, and nothing else is done.
func die(t *testing.T, m *Maker) {
	t.Helper()
	m.train = nil
	if err := m.release(); err != nil {
		t.Fatal(err)
	}
}

func TestABaseThatWasInterruptedAnywhereIsTheUndisturbedOne(t *testing.T) {
	want, undisturbed := finished(t)
	same(t, undisturbed, whole(t))
	draw := rand.New(rand.NewPCG(3, 4))
	for _, end := range []string{"closed", "killed"} {
		home := t.TempDir()
		var last *Maker
		for done := 0; done < steps; {
			m := maker(t, home, nil)
			to(t, t.Context(), m, 0)
			if wish := done; end == "closed" && m.Step() != wish || end == "killed" && m.Step() != wish/keep*keep {
				t.Fatalf("%s at step %d, it goes on from %d", end, wish, m.Step())
			}
			done = min(m.Step()+1+draw.IntN(2*keep), steps)
			to(t, t.Context(), m, done)
			last = m
			if end == "killed" && done < steps {
				die(t, m)
			} else if err := m.Close(); err != nil {
				t.Fatal(err)
			}
		}
		same(t, last, undisturbed)
		sameFiles(t, last.Dir(), filepath.Join(want, "bases", last.Key))
	}
}

// stepsBeforeKill is where the child process stands when it is killed: behind a checkpoint, between two steps.
const stepsBeforeKill = keep + 37

func TestChildThatIsKilled(t *testing.T) {
	home := os.Getenv("LOCI_TEST_KILLED_HOME")
	if home == "" {
		t.Skip("only as a child of TestAKilledProcessLosesNothingButTheStepsSinceItsCheckpoint")
	}
	m := maker(t, home, func(i uint64) (rl.Datum, error) {
		if i == 2*stepsBeforeKill {
			_, _ = os.Stdout.WriteString("\nready\n")
			select {}
		}
		return rows(i)
	})
	to(t, t.Context(), m, steps)
}

func TestAKilledProcessLosesNothingButTheStepsSinceItsCheckpoint(t *testing.T) {
	home := t.TempDir()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChildThatIsKilled$")
	child.Env = append(os.Environ(), "LOCI_TEST_KILLED_HOME="+home)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	ready := false
	for lines := bufio.NewScanner(out); !ready && lines.Scan(); {
		ready = lines.Text() == "ready"
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := child.Wait(); err == nil || !ready {
		t.Fatalf("ready %v, the child ended with %v", ready, err)
	}
	m := maker(t, home, nil)
	to(t, t.Context(), m, 0)
	if m.Step() != keep {
		t.Errorf("it goes on from %d, want %d", m.Step(), keep)
	}
	to(t, t.Context(), m, steps)
	same(t, m, whole(t))
}

func TestADamagedBaseIsPutAsideAndMadeAgain(t *testing.T) {
	for name, harm := range map[string]func(t *testing.T, dir string){
		"weights cut short":       func(t *testing.T, dir string) { cut(t, filepath.Join(dir, weightsFile)) },
		"one byte of the weights": func(t *testing.T, dir string) { flip(t, filepath.Join(dir, weightsFile)) },
		"weights missing":         func(t *testing.T, dir string) { remove(t, filepath.Join(dir, weightsFile)) },
		"loci.json missing":       func(t *testing.T, dir string) { remove(t, filepath.Join(dir, paperFile)) },
		"loci.json cut short":     func(t *testing.T, dir string) { cut(t, filepath.Join(dir, paperFile)) },
		"config.json missing":     func(t *testing.T, dir string) { remove(t, filepath.Join(dir, "config.json")) },
		"another shape": func(t *testing.T, dir string) {
			file := filepath.Join(dir, "config.json")
			write(t, file, bytes.Replace(read(t, file), []byte(`"max_position_embeddings": 16`), []byte(`"max_position_embeddings": 32`), 1))
		},
		"another tokenizer": func(t *testing.T, dir string) {
			words, err := llm.NewWords([]string{"x", "y", "z"})
			if err != nil {
				t.Fatal(err)
			}
			other := filepath.Join(t.TempDir(), "other")
			if err := llm.NewFolder(nn.NewDecoder(rng.New(1, "other"), toy(t).Shape), words).Write(other, llm.F32); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, "tokenizer.json"), read(t, filepath.Join(other, "tokenizer.json")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			home, first := finished(t)
			harm(t, first.Dir())
			for range 2 { // what was put aside before gives way
				again := maker(t, home, nil)
				to(t, t.Context(), again, steps)
				same(t, again, first)
				if _, err := os.Stat(again.Dir() + ".damaged"); err != nil {
					t.Error(err)
				}
				same(t, fromCache(t, home), first)
				harm(t, again.Dir())
			}
		})
	}
}

func fromCache(t *testing.T, home string) *Maker {
	t.Helper()
	m := maker(t, home, never(t))
	to(t, t.Context(), m, steps)
	return m
}

func cut(t *testing.T, file string) { b := read(t, file); write(t, file, b[:len(b)-5]) }

func flip(t *testing.T, file string) {
	b := read(t, file)
	b[len(b)*3/4] ^= 4
	write(t, file, b)
}

func remove(t *testing.T, file string) {
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
}

func TestADamagedCheckpointIsDroppedAndTheBaseBeginsAnew(t *testing.T) {
	for name, harm := range map[string]func(*testing.T, string){
		"cut short": cut, "one byte": flip, "empty": func(t *testing.T, file string) { write(t, file, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			m := maker(t, home, nil)
			to(t, t.Context(), m, keep+5)
			die(t, m)
			harm(t, filepath.Join(home, "bases", m.Key+".part"))
			again := maker(t, home, nil)
			to(t, t.Context(), again, 0)
			if again.Step() != 0 {
				t.Errorf("it goes on from %d", again.Step())
			}
			to(t, t.Context(), again, steps)
			same(t, again, whole(t))
		})
	}
}

func TestTheSecondMakerWaitsForTheFirst(t *testing.T) {
	home := t.TempDir()
	first, second := maker(t, home, nil), maker(t, home, never(t))
	to(t, t.Context(), first, 10)
	waited := make(chan error, 1)
	go func() { waited <- second.To(t.Context(), 20) }()
	to(t, t.Context(), first, steps)
	if err := <-waited; err != nil {
		t.Fatal(err)
	}
	same(t, second, first)
}

func TestTheSecondMakerGoesOnWhereTheFirstStopped(t *testing.T) {
	home := t.TempDir()
	first, second := maker(t, home, nil), maker(t, home, nil)
	to(t, t.Context(), first, 10)
	waited := make(chan error, 1)
	go func() { waited <- second.To(t.Context(), 10) }()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-waited; err != nil || second.Step() != 10 {
		t.Fatalf("step %d, %v", second.Step(), err)
	}
	to(t, t.Context(), second, steps)
	same(t, second, whole(t))
}

func TestWaitingForAnotherMakerEndsWithTheContext(t *testing.T) {
	home := t.TempDir()
	first, second := maker(t, home, nil), maker(t, home, never(t))
	to(t, t.Context(), first, 10)
	ctx, cancel := context.WithCancel(t.Context())
	waited := make(chan error, 1)
	go func() { waited <- second.To(ctx, 20) }()
	cancel()
	if err := <-waited; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	to(t, t.Context(), first, steps) // who holds the lock goes on
	to(t, t.Context(), second, steps)
	same(t, second, first)
}

func TestAFolderThatCannotBeUsedIsNamedAndNothingIsLost(t *testing.T) {
	t.Run("the cache is a file", func(t *testing.T) {
		home := t.TempDir()
		write(t, filepath.Join(home, "bases"), nil)
		m := maker(t, home, nil)
		wantError(t, m.To(t.Context(), 1), lab.Unavailable, filepath.Join(home, "bases"), "free space")
	})
	t.Run("the base is a file", func(t *testing.T) {
		home, m := finished(t)
		if err := os.RemoveAll(m.Dir()); err != nil {
			t.Fatal(err)
		}
		write(t, m.Dir(), nil)
		wantError(t, maker(t, home, nil).To(t.Context(), 1), lab.Unavailable, m.Dir(), "free space")
	})
	t.Run("the checkpoint cannot be written", func(t *testing.T) {
		home := t.TempDir()
		m := maker(t, home, nil)
		to(t, t.Context(), m, 1)
		part := filepath.Join(home, "bases", m.Key+".part")
		block(t, part)
		wantError(t, m.To(t.Context(), steps), lab.Unavailable, part, "free space")
		unblock(t, part)
		to(t, t.Context(), m, steps) // the steps were not lost
		same(t, m, whole(t))
	})
	t.Run("the finished base cannot be put", func(t *testing.T) {
		home := t.TempDir()
		m := maker(t, home, nil)
		to(t, t.Context(), m, 1)
		dir := filepath.Join(home, "bases", m.Key)
		block(t, dir)
		err := m.To(t.Context(), steps)
		wantError(t, err, lab.Unavailable, dir, "free space")
		if m.Model() != nil {
			t.Error("a base that is not kept is said to be finished")
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		unblock(t, dir)
		again := maker(t, home, never(t)) // no step is done again
		to(t, t.Context(), again, steps)
		same(t, again, whole(t))
		same(t, fromCache(t, home), again)
	})
}

// block puts a folder that is not empty in the way of a name.
func block(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(path, "in the way"), 0o755); err != nil {
		t.Fatal(err)
	}
}

func unblock(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

func TestWhatEndedProcessesLeftIsRemovedWithTheCheckpoint(t *testing.T) {
	home := t.TempDir()
	m := maker(t, home, nil)
	to(t, t.Context(), m, 1)
	bases := filepath.Join(home, "bases")
	write(t, filepath.Join(bases, "."+m.Key+".part.123"), []byte("half"))
	block(t, filepath.Join(bases, "."+m.Key+".new.7"))
	block(t, filepath.Join(bases, m.Key+".new"))
	other := filepath.Join(bases, "base-other.part")
	write(t, other, []byte("of another base"))
	to(t, t.Context(), m, steps)
	var left []string
	err := filepath.WalkDir(bases, func(path string, e fs.DirEntry, err error) error {
		if e.IsDir() && path != bases {
			return fs.SkipDir
		}
		if strings.Contains(e.Name(), ".part") || strings.Contains(e.Name(), ".new") {
			left = append(left, path)
		}
		return err
	})
	if err != nil || len(left) != 1 || left[0] != other {
		t.Errorf("left are %q, %v", left, err)
	}
}
