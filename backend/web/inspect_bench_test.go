package web

import (
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

// An episode of 100,000 steps: first screen within 1 s of an open that begins with nothing, a jump within 100 ms.
func BenchmarkAnEpisodeOf100000Steps(b *testing.B) {
	k := newKit(b)
	s := tell(1, 100_000, 1)
	other := tell(2, 100_000, 2)
	events := append([]lab.Event{lab.Start{Key: "r1"}}, s.end(lab.Episode{Split: "train"})...)
	k.owner.write(b, "r1", append(events, other.end(lab.Episode{Split: "train"})...)...)
	ask := func(target string, args ...any) {
		w := httptest.NewRecorder()
		k.s.ServeHTTP(w, k.request("GET", "/api/run/r1/inspect"+fmt.Sprintf(target, args...), ""))
		if w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
	b.Run("first screen", func(b *testing.B) {
		for b.Loop() {
			if err := k.s.records.close(); err != nil {
				b.Fatal(err)
			}
			ask("?episode=1")
			ask("/steps?episode=1&around=50000")
			ask("/step?episode=1&t=50000")
		}
	})
	i := 0
	at := func() int { i += 7919; return i % 100_000 }
	for _, c := range []struct{ name, target string }{
		{"jump, list", "/steps?episode=1&around=%d"}, {"jump, step", "/step?episode=1&t=%d"}, {"next error", "/next?episode=1&event=error&t=%d"}, {"search", "/search?episode=1&q=step+%d"},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				ask(c.target, at())
			}
		})
	}
	ask("/align?episode=1&other-episode=2")
	b.Run("alignment", func(b *testing.B) {
		for b.Loop() {
			ask("/align?episode=1&other-episode=2")
		}
	})
}
