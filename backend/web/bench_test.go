package web

import (
	"math"
	"net/http/httptest"
	"testing"

	"github.com/loci-lab/loci/backend/sched"
)

// One series of 1,000,000 points: the first chart within 300 ms, each later one of a growing series far below.
func BenchmarkAChartOfAMillionPoints(b *testing.B) {
	k := newKit(b)
	k.owner.all = sched.Running
	for x := range int64(1_000_000) {
		k.owner.add("success", "lstm", 0, x, math.Sin(float64(x)/1000))
	}
	ask := func() {
		w := httptest.NewRecorder()
		k.s.ServeHTTP(w, k.request("GET", chartAddress, ""))
		if w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			k.s.curves = newCurves()
			ask()
		}
	})
	b.Run("again", func(b *testing.B) {
		for b.Loop() {
			ask()
		}
	})
}
