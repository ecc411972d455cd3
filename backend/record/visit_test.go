package record

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

func TestOpeningShowsEveryEventOnceAndNoneBehindDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record.loci")
	w, err := Create(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range int64(300) {
		if err := w.Emit(lab.Metric{Name: "m", X: i}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	open := func() (shown, read []string) {
		r, err := OpenWith(path, func(f Frame) { shown = append(shown, string(f.Payload)) })
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		for f, err := range r.Frames(0) {
			if err == nil {
				read = append(read, string(f.Payload))
			}
		}
		return shown, read
	}
	shown, read := open()
	if len(shown) != 300 || !slices.Equal(shown, read) {
		t.Fatalf("%d events shown, %d read, want 300 equal ones", len(shown), len(read))
	}
	bytes, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bytes[len(bytes)/2] ^= 1
	if err := os.WriteFile(path, bytes, 0o644); err != nil {
		t.Fatal(err)
	}
	if shown, read = open(); len(shown) == 0 || len(shown) >= 300 || !slices.Equal(shown, read) {
		t.Fatalf("%d events shown before damage, %d read", len(shown), len(read))
	}
}
