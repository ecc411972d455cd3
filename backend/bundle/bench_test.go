package bundle

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

// BenchmarkHunter searches an event as records hold them: text with escapes, numbers, no secret.
func BenchmarkHunter(b *testing.B) {
	h, _ := newHunter([]Known{{Name: "a", Value: lab.NewSecret(stored)}, {Name: "b", Value: lab.NewSecret("another-secret-value")}})
	payload := []byte(`{"episode":17,"t":7,"limit":384,"blocks":[{"name":"task","text":"` +
		strings.Repeat(`the agent said \"use stove\" and saw a mug\nin the kitchen_with-a_long-identifier_here 0.123456,`, 40) + `"}]}`)
	b.SetBytes(int64(len(payload)))
	for b.Loop() {
		h.event("x", 1, lab.KindContext, payload)
	}
}

// BenchmarkWrite makes an archive of a record of 16 MB.
func BenchmarkWrite(b *testing.B) {
	e := demo(b)
	events := []lab.Event{e0(keyB)}
	for i := range int64(20_000) {
		events = append(events, lab.Step{Episode: i / 50, T: int(i % 50), Saw: strings.Repeat("a mug in the kitchen, ", 30), Action: "go"})
	}
	e.Runs[0].Record = filepath.Join(b.TempDir(), "run", "record.loci")
	write(b, e.Runs[0].Record, events...)
	info, err := os.Stat(e.Runs[0].Record)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(info.Size())
	for b.Loop() {
		if _, err := Write(b.Context(), filepath.Join(b.TempDir(), "x.loci"), e, Options{Detail: Usual()}); err != nil {
			b.Fatal(err)
		}
	}
}

func e0(key string) lab.Event { return played(key, 0)[0] }
