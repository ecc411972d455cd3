package record

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

// borders returns the offsets at which frames begin, and the end.
func borders(t testing.TB, path string) []int64 {
	t.Helper()
	var out []int64
	end := int64(headerSize)
	for f, err := range Scan(path, Position{}) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, f.At.Offset)
		end = f.Next.Offset
	}
	return append(out, end)
}

func TestATornTailIsCutAtTheLastWholeEventWhereverItTears(t *testing.T) {
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole")
	write(t, whole, samples(0, 8)...)
	data, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	starts := borders(t, whole)
	for size := range int64(len(data) + 1) { // the header, and every byte of every event
		path := filepath.Join(dir, "torn")
		if err := os.WriteFile(path, data[:size], 0o644); err != nil {
			t.Fatal(err)
		}
		want := 0
		for want < 8 && starts[want+1] <= size {
			want++
		}
		r := open(t, path)
		if r.Len() != int64(want) || r.Damage() != nil {
			t.Fatalf("%d bytes: reader sees %d events, want %d", size, r.Len(), want)
		}
		w, _, _, err := Resume(path, nil, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if cut := max(0, size-starts[want]); w.Cut() != cut {
			t.Errorf("%d bytes: %d cut, want %d", size, w.Cut(), cut)
		}
		emit(t, w, samples(0, 8)...)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if diff, err := Equal(path, whole); diff != nil || err != nil {
			t.Fatalf("%d bytes: %v %v", size, diff, err)
		}
	}
}

func TestATailOfZerosOrRubbishIsCut(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	rubbish := make([]byte, 5000)
	for i := range rubbish {
		rubbish[i] = byte(rng.Uint32())
	}
	for name, tail := range map[string][]byte{"zeros": make([]byte, 4096), "rubbish": rubbish} {
		path := filepath.Join(t.TempDir(), "run.rec")
		write(t, path, samples(0, 20)...)
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(tail); err != nil {
			t.Fatal(err)
		}
		f.Close()
		w, _, _, err := Resume(path, nil, Options{})
		if err != nil || w.Cut() != int64(len(tail)) {
			t.Fatalf("%s: %v", name, err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// damaged makes a record of 100 events whose event 60 has one flipped bit.
func damaged(t *testing.T) (path string, at int64, data []byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "run.rec")
	write(t, path, samples(0, 100)...)
	at = borders(t, path)[60]
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[at+prefixSize+3] ^= 4
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path, at, data
}

func TestDamageInTheMiddleIsNamedAndNothingIsTouched(t *testing.T) {
	path, at, data := damaged(t)
	words := []string{fmt.Sprintf("event 60 at byte %d", at), "event 61 at byte", "--repair"}
	_, _, _, err := Resume(path, nil, Options{})
	wantCode(t, err, lab.Invalid, words...)
	r := open(t, path)
	if r.Len() != 60 || r.Damage() == nil || r.Damage().At.Seq != 60 {
		t.Errorf("reader sees %d events and damage %+v", r.Len(), r.Damage())
	}
	n := 0
	for _, err := range r.Frames(0) {
		if err != nil {
			wantCode(t, err, lab.Invalid, words...)
			break
		}
		n++
	}
	if n != 60 {
		t.Errorf("%d good events, want 60", n)
	}
	if now, _ := os.ReadFile(path); !bytes.Equal(now, data) {
		t.Error("the damaged file was changed")
	}
}

func TestRepairKeepsTheDamagedFileAndTheEventsBefore(t *testing.T) {
	path, _, data := damaged(t)
	report, err := Repair(path)
	if err != nil || report.Events != 60 || report.Damage.At.Seq != 60 {
		t.Fatalf("report %+v: %v", report, err)
	}
	if kept, _ := os.ReadFile(report.Kept); !bytes.Equal(kept, data) {
		t.Error("the damaged file was not kept as it was")
	}
	if r := open(t, path); r.Len() != 60 || r.Damage() != nil {
		t.Errorf("repaired record has %d events, damage %v", r.Len(), r.Damage())
	}
	if report, err := Repair(path); err != nil || report.Kept != "" || report.Events != 60 {
		t.Errorf("a whole record was repaired: %+v %v", report, err)
	}
}

func TestResumeRepairsWhenAsked(t *testing.T) {
	path, _, _ := damaged(t)
	w, _, _, err := Resume(path, nil, Options{Repair: true})
	if err != nil || w.Kept() != path+".broken-1" {
		t.Fatalf("kept %q: %v", w.Kept(), err)
	}
	emit(t, w, samples(0, 100)...)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if r := open(t, path); r.Len() != 100 {
		t.Errorf("%d events, want 100", r.Len())
	}
}

func TestAFlippedBitNeverGivesAWrongEvent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.rec")
	write(t, path, samples(0, 64)...)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := payloads(t, open(t, path))
	rng := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		broken := bytes.Clone(data)
		for range 1 + rng.IntN(3) {
			broken[headerSize+rng.IntN(len(broken)-headerSize)] ^= 1 << rng.IntN(8)
		}
		for i, got := range readable(broken) {
			if got != want[i] {
				t.Fatalf("event %d reads as %s, want %s", i, got, want[i])
			}
		}
	}
}

// readable returns what a scanner takes from the bytes of a record.
func readable(data []byte) []string {
	var out []string
	scan := newScanner(bytes.NewReader(data), Position{}, int64(len(data)))
	for {
		f, err := scan.next()
		if err != nil {
			return out
		}
		out = append(out, string(f.Kind)+" "+string(f.Payload))
	}
}

func TestOtherFilesAreNoRecords(t *testing.T) {
	future := binary.LittleEndian.AppendUint32([]byte(magic), Version+1)
	future = binary.LittleEndian.AppendUint32(future, crc32.Checksum(future, castagnoli))
	for name, c := range map[string]struct {
		data []byte
		word string
	}{
		"text":              {[]byte("# A notebook\n\nwith words"), "is no record"},
		"short text":        {[]byte("# A"), "is no record"},
		"a later version":   {future, "format version 2, want 1"},
		"a flipped version": {append([]byte(magic), 9, 0, 0, 0, 1, 2, 3, 4), "is no record"},
	} {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, c.data, 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := Open(path)
		wantCode(t, err, lab.Invalid, c.word)
		_, _, _, err = Resume(path, nil, Options{})
		wantCode(t, err, lab.Invalid, c.word)
		if now, _ := os.ReadFile(path); !bytes.Equal(now, c.data) {
			t.Errorf("%s was changed", name)
		}
	}
}

// FuzzReader gives any bytes after a good header: nothing panics, and every event that is read is one that was written so, that is,
// it prints back to the bytes it came from.
func FuzzReader(f *testing.F) {
	var good []byte
	enc := newEncoder()
	for i := range 6 {
		code, payload, err := enc.encode(sample(i))
		if err != nil {
			f.Fatal(err)
		}
		good = appendFrame(good, code, int64(i), 1700000000000, payload)
	}
	f.Add(good)
	f.Add(good[:len(good)-3])
	f.Add(append(bytes.Clone(good), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, body []byte) {
		data := append(appendHeader(nil), body...)
		path := filepath.Join(t.TempDir(), "run.rec")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		r, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		again := appendHeader(nil)
		for frame, err := range r.Frames(0) {
			if err != nil {
				break
			}
			again = appendFrame(again, codeOf(frame.Kind), frame.Seq, frame.Time.UnixMilli(), frame.Payload)
			_, _ = frame.Event()
		}
		if !bytes.HasPrefix(data, again) || int64(len(again)) != r.End().Offset {
			t.Fatalf("%d events print back to other bytes", r.Len())
		}
		w, _, _, err := Resume(path, nil, Options{Repair: true, Reopen: true})
		if err != nil {
			if lab.CodeOf(err) == lab.Internal {
				t.Fatal(err)
			}
			return
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
