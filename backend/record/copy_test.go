package record

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

func openCopy(t *testing.T, path string) *Copy {
	t.Helper()
	c, err := OpenCopy(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func take(t *testing.T, c *Copy, b []byte, last bool) (seen []Frame) {
	t.Helper()
	if err := c.Take(b, last, func(f Frame) error { seen = append(seen, f); return nil }); err != nil {
		t.Fatal(err)
	}
	return seen
}

func bytesOf(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestCopyInPieces copies a record in pieces of chance, with the copier closed and opened again between some, as a lost connection and a
// killed owner leave it.
func TestCopyInPieces(t *testing.T) {
	from := filepath.Join(t.TempDir(), "from.loci")
	write(t, from, append(samples(0, 200), lab.End{Status: lab.StatusDone})...)
	original := bytesOf(t, from)
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		to := filepath.Join(t.TempDir(), "to.loci")
		c := openCopy(t, to)
		next := int64(0)
		for !c.Ended() {
			at := c.Offset()
			end := min(at+r.Int64N(2000), int64(len(original)))
			for _, f := range take(t, c, original[at:end], r.IntN(2) == 0) {
				if f.Seq != next {
					t.Fatalf("seed %d: event %d came where %d was due", seed, f.Seq, next)
				}
				next++
			}
			if r.IntN(4) == 0 {
				if err := c.Close(); err != nil {
					t.Fatal(err)
				}
				c = openCopy(t, to)
			}
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(bytesOf(t, to), original) || next != 201 {
			t.Fatalf("seed %d: the copy differs from its original, or %d events were seen and not 201", seed, next)
		}
	}
}

func TestCopyLeavesOutWhatTheOriginalMayLose(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from.loci"), filepath.Join(dir, "to.loci")
	write(t, from, append(samples(0, 10), lab.End{Status: lab.StatusCancelled})...)
	stopped := bytesOf(t, from)
	c := openCopy(t, to)
	torn := append(bytes.Clone(stopped), stopped[headerSize:headerSize+30]...)
	if seen := take(t, c, torn, false); len(seen) != 10 || c.Ended() {
		t.Fatalf("%d events of a stopped run, ended %v: want the 10 before its end", len(seen), c.Ended())
	}
	w, _, _, err := Resume(from, nil, Options{Reopen: true})
	if err != nil {
		t.Fatal(err)
	}
	emit(t, w, append(samples(0, 12), lab.End{Status: lab.StatusDone})...)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if seen := take(t, c, bytesOf(t, from)[c.Offset():], false); len(seen) != 3 || !c.Ended() {
		t.Fatalf("%d more events, ended %v: want the 2 new ones and the end", len(seen), c.Ended())
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if d, err := Equal(from, to); err != nil || d != nil {
		t.Fatalf("copy and original: %v, %v", d, err)
	}
}

func TestCopyOfARunThatStaysStoppedHasItsEnd(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from.loci"), filepath.Join(dir, "to.loci")
	write(t, from, append(samples(0, 10), lab.End{Status: lab.StatusCancelled})...)
	c := openCopy(t, to)
	take(t, c, bytesOf(t, from), true)
	if !c.Ended() {
		t.Fatal("the end of a run that nobody goes on with is missing")
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = openCopy(t, to)
	defer c.Close()
	if c.Ended() || c.Seq() != 10 {
		t.Fatalf("a stopped run that goes on has %d events, ended %v: want 10 and no end", c.Seq(), c.Ended())
	}
}

func TestCopyRefusesWhatIsNoRecord(t *testing.T) {
	from := filepath.Join(t.TempDir(), "from.loci")
	write(t, from, samples(0, 10)...)
	good := bytesOf(t, from)
	flipped := bytes.Clone(good)
	flipped[headerSize+prefixSize+3] ^= 1
	for name, b := range map[string][]byte{
		"another file":            []byte("#!/bin/sh\nexit 0\n"),
		"a flipped bit":           flipped,
		"an event that is missed": append(bytes.Clone(good[:headerSize]), good[len(good)-200:]...),
	} {
		c := openCopy(t, filepath.Join(t.TempDir(), "to.loci"))
		err := c.Take(b, false, func(Frame) error { return nil })
		if lab.CodeOf(err) != lab.Invalid || lab.HintOf(err) == "" {
			t.Errorf("%s: %v, want an invalid error with a hint", name, err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCopyKeepsAFrameThatNobodyWantsToSee(t *testing.T) {
	dir := t.TempDir()
	from := filepath.Join(dir, "from.loci")
	write(t, from, samples(0, 3)...)
	c := openCopy(t, filepath.Join(dir, "to.loci"))
	defer c.Close()
	refused := errors.New("no")
	if err := c.Take(bytesOf(t, from), false, func(Frame) error { return refused }); !errors.Is(err, refused) {
		t.Fatalf("error %v, want that of the observer", err)
	}
	if c.Seq() != 3 {
		t.Fatalf("%d events are kept, want 3", c.Seq())
	}
}
