package stats

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

func TestBoundsAreReadPrintedAndApplied(t *testing.T) {
	for _, c := range []struct {
		text    string
		in, out float64
	}{
		{">= 0.10", 0.1, 0.0999}, {"<= -0.05", -0.05, -0.0499}, {"> 0", 1e-9, 0}, {"<3", 2.9, 3}, {"0.4..0.6", 0.4, 0.61},
		{" -0.03 .. 0.03 ", -0.03, 0.0301}, {"= 0", 0, 1e-6}, {">=0.1", 0.3 - 0.2, 0.09},
	} {
		b, err := ParseBound(c.text)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if !b.Holds(c.in) || b.Holds(c.out) || b.Holds(math.NaN()) {
			t.Errorf("%q: holds %v for %v, %v for %v", c.text, b.Holds(c.in), c.in, b.Holds(c.out), c.out)
		}
		again, err := ParseBound(b.String())
		if err != nil || again != b {
			t.Errorf("%q printed as %q, which reads as %+v, %v", c.text, b, again, err)
		}
		b.text = ""
		if bare, err := ParseBound(b.String()); err != nil || bare.Low != b.Low || bare.High != b.High || bare.LowStrict != b.LowStrict || bare.HighStrict != b.HighStrict {
			t.Errorf("%q without its text printed as %q, which reads as %+v, %v", c.text, b, bare, err)
		}
	}
	for _, text := range []string{"", "0.1", ">= x", "1..0", "..", "1..", ">= NaN", "<= Inf", ">= 0x10", "=> 1"} {
		if _, err := ParseBound(text); lab.CodeOf(err) != lab.Invalid || err == nil {
			t.Errorf("%q: got %v, want an error", text, err)
		}
	}
}

// source gives one value a seed to each metric of the arm "a".
type source map[string][]float64

func (s source) Values(metric, _, _ string, seed uint64) ([]int64, []float64, bool) {
	if seed >= uint64(len(s[metric])) {
		return nil, nil, false
	}
	return []int64{1}, []float64{s[metric][seed]}, true
}

func judge(t *testing.T, values map[string][]float64, exprs, bounds []string, look Look) Verdict {
	t.Helper()
	known := Known{Arms: []string{"a"}}
	for m := range values {
		known.Metrics = append(known.Metrics, m)
	}
	claim, err := ParseClaim("test", exprs, bounds, known)
	if err != nil {
		t.Fatal(err)
	}
	return Judge(claim, source(values), []uint64{0, 1, 2, 3, 4}, look)
}

// 0.1, 0.2, 0.3, 0.4, 0.5: mean 0.3, s = 0.158114, half = 2.776445 * s / sqrt(5) = 0.196324, so 0.103676 to 0.496324.
func TestTheWholeIntervalDecides(t *testing.T) {
	ladder := []float64{0.1, 0.2, 0.3, 0.4, 0.5}
	ones := []float64{1, 1, 1, 1, 1}
	for _, c := range []struct {
		name   string
		values []float64
		bound  string
		want   string
	}{
		{"beyond", ladder, ">= 0.10", Held},
		{"across", ladder, ">= 0.11", CannotTell},
		{"wholly below", ladder, ">= 0.50", NotHeld},
		{"at most, held", ladder, "<= 0.5", Held},
		{"at most, not", ladder, "<= 0.1", NotHeld},
		{"inside a range", ladder, "0.1..0.5", Held},
		{"outside a range, above", ladder, "-1..0.1", NotHeld},
		{"outside a range, below", ladder, "0.5..1", NotHeld},
		{"across an end", ladder, "0.2..0.9", CannotTell},
		{"equal at the top", ones, ">= 0.95", Held},
		{"equal at the bound", ones, ">= 1", Held},
		{"equal at a strict bound", ones, "> 1", NotHeld},
		{"equal below", ones, ">= 1.01", NotHeld},
		{"one seed", []float64{1}, ">= 0.5", CannotTell},
		{"no seed", nil, ">= 0.5", CannotTell},
		{"two seeds far beyond", []float64{0.9, 0.9001}, ">= 0.5", Held},
	} {
		v := judge(t, map[string][]float64{"m": c.values}, []string{"last(m, a)"}, []string{c.bound}, Look{})
		if v.Verdict != c.want {
			t.Errorf("%s: %s, want %s (%s)", c.name, v.Verdict, c.want, v.Sentence)
		}
	}
	p := judge(t, map[string][]float64{"m": ladder}, []string{"last(m, a)"}, []string{">= 0.11"}, Look{}).Parts[0]
	near(t, "low", float64(p.Low), 0.103676, 1e-6)
	near(t, "high", float64(p.High), 0.496324, 1e-6)
	near(t, "half", float64(p.Half), 0.196324, 1e-6)
	near(t, "p floor", float64(p.PFloor), 0.0625, 0)
	near(t, "p", float64(p.P), 0.125, 0) // differences -0.01 0.09 0.19 0.29 0.39: only -0.01 or its mirror flips to reach as far
	// d = 0.19 / 0.158114 = 1.2017: n = 8 needs (2.3646 + 0.8960) / sqrt(8) = 1.1528, n = 7 (2.4469 + 0.9057) / sqrt(7) = 1.2672
	if p.SeedsNeeded != 8 || p.N != 5 || p.Holding != 4 {
		t.Errorf("got %+v, want 8 seeds needed, 4 of 5 holding", p)
	}
}

func TestAllPartsMustHoldAndOneThatDoesNotDecides(t *testing.T) {
	values := map[string][]float64{"up": {1, 1.1, 1.2, 1, 1}, "flat": {-1, 1, -1, 1, 0}, "none": nil}
	for _, c := range []struct {
		exprs, bounds []string
		want          string
	}{
		{[]string{"last(up, a)", "last(up, a)"}, []string{">= 0.5", "<= 2"}, Held},
		{[]string{"last(up, a)", "last(flat, a)"}, []string{">= 0.5"}, CannotTell},
		{[]string{"last(flat, a)", "last(up, a)"}, []string{">= 0.5", "<= 0.5"}, NotHeld},
		{[]string{"last(up, a)", "last(none, a)"}, []string{">= 0.5"}, CannotTell},
		{[]string{"last(up, a)"}, []string{">= 0.5", "<= 0.9"}, NotHeld},
	} {
		if v := judge(t, values, c.exprs, c.bounds, Look{}); v.Verdict != c.want || len(v.Parts) != 2 {
			t.Errorf("%v %v: %s, want %s", c.exprs, c.bounds, v.Verdict, c.want)
		}
	}
}

func TestEveryLookSpendsHalfOfWhatIsLeft(t *testing.T) {
	for _, c := range []struct {
		look Look
		want float64
	}{{Look{}, 0.05}, {Look{Open: true}, 0.025}, {Look{Extended: 1}, 0.0125}, {Look{Extended: 2, Open: true}, 0.00625}} {
		if got := c.look.Alpha(); got != c.want {
			t.Errorf("%+v spends %v, want %v", c.look, got, c.want)
		}
	}
	values := map[string][]float64{"m": {0.1, 0.2, 0.3, 0.4, 0.5}} // held at 95 %, not at 97.5 %: half = 3.4954 * 0.0707 = 0.2472
	v := judge(t, values, []string{"last(m, a)"}, []string{">= 0.1"}, Look{Extended: 1, Early: true})
	if v.Verdict != CannotTell || v.Extended != 1 || !v.Early || v.Alpha != 0.0125 {
		t.Errorf("got %+v", v)
	}
}

func TestMissingSeedsAreCountedAndTheVerdictSpeaks(t *testing.T) {
	values := map[string][]float64{"m": {0.9, math.NaN(), 0.91, 0.92}}
	v := judge(t, values, []string{"last(m, a)"}, []string{">= 0.5"}, Look{})
	p := v.Parts[0]
	if p.N != 3 || p.Missing != 2 || v.Verdict != Held || p.PerSeed[4].Note != "no m of a" {
		t.Errorf("got %+v", p)
	}
	if want := "held: 0.91 (0.885 to 0.935), wanted >= 0.5, over 3 seeds, satisfied in 3; 2 seeds without a value"; v.Sentence != want {
		t.Errorf("got %q, want %q", v.Sentence, want)
	}
	if _, err := json.Marshal(v); err != nil {
		t.Errorf("a verdict with gaps cannot be written: %v", err)
	}
}

func TestClaimsNameThePartThatCannotBeRead(t *testing.T) {
	known := Known{Metrics: []string{"m"}, Arms: []string{"a"}}
	_, err := ParseClaim("c", []string{"last(m, a)", "last(m, b)"}, []string{">= 0", "<= 1"}, known)
	part, ok := errors.AsType[*PartError](err)
	if !ok || part.Part != 1 || part.Bound || !strings.Contains(err.Error(), `claim "c", value 2 of 2: byte 8: the arm "b" is unknown`) {
		t.Errorf("got %v", err)
	}
	if place, ok := errors.AsType[*SyntaxError](err); !ok || place.Offset != 8 {
		t.Errorf("the place is lost: %v", err)
	}
	if _, err = ParseClaim("c", []string{"1"}, []string{"about 2"}, known); !strings.Contains(err.Error(), `claim "c", holds: byte 0: the bound "about 2"`) {
		t.Errorf("got %v", err)
	}
	if _, err = ParseClaim("c", []string{"1", "2"}, []string{"> 1", "> 2", "> 3"}, known); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("got %v", err)
	}
	claim, err := ParseClaim("c", []string{"last(m,a)"}, []string{"> 0", "-1..1"}, known)
	if err != nil || claim.String() != "last(m, a) > 0 and last(m, a) in -1..1" || len(claim.Reads()) != 1 {
		t.Errorf("got %q %v, %v", claim, claim.Reads(), err)
	}
}

// The claims of four sheets, word for word where the sheet gives numbers, in the names that their notebooks would use.
func TestTheClaimsOfTheSheetsCanBeWritten(t *testing.T) {
	known := Known{
		Metrics: []string{"success", "stale-gap", "forgetting", "q-corr", "held-out", "accuracy", "mirror", "attended", "final", "nll", "plasticity"},
		Arms: []string{"mlp", "rnn", "gru", "lstm", "lstm-clamped", "ffm", "full", "similarity", "no-z", "value-only", "hcam", "window", "summary", "flat",
			"fifo", "mix", "long"},
		Cases: []string{"n1+l5", "n5+l5", "n5+l10", "n10+l5", "d4+l5", "d6+l5", "shared+l5", "apart+l5"},
	}
	for _, c := range []struct{ value, bound string }{
		{"min(last(success, lstm, n1+l5), last(success, gru, n1+l5), last(success, ffm, n1+l5))", ">= 0.95"},
		{"last(success, mlp, n1+l5)", "0.4..0.6"},
		{"max(last(success, lstm, n5+l5), last(success, gru, n5+l5), last(success, ffm, n5+l5)) - " +
			"min(last(success, lstm, n5+l5), last(success, gru, n5+l5), last(success, ffm, n5+l5))", ">= 0.3"},
		{"last(success, lstm, n5+l10) - last(success, rnn, n5+l10)", ">= 0.2"},
		{"last(success, lstm, n10) - last(success, lstm-clamped, n10)", ">= 0.1"},
		{"if(last(success, gru, n5+l5) < last(success, ffm, n5+l5), last(stale-gap, gru, n5+l5), last(stale-gap, ffm, n5+l5))", ">= 0.15"},
		{"last(success, full) - last(success, similarity)", ">= 0.10"},
		{"mean(forgetting, no-z, 2, 10) / mean(forgetting, full, 2, 10)", ">= 1.2"},
		{"mean(success, full, 1, 3) - mean(success, value-only, 1, 3)", ">= 0.05"},
		{"mean(q-corr, full, 8, 10)", ">= 0.5"},
		{"abs(last(mirror, summary, d4) - 0.5)", "<= 0.1"},
		{"last(attended, hcam, d4) / last(attended, flat, d4)", "<= 0.5"},
		{"(last(accuracy, lstm, d4) - last(accuracy, lstm, d6)) / last(accuracy, lstm, d4) - " +
			"(last(accuracy, hcam, d4) - last(accuracy, hcam, d6)) / last(accuracy, hcam, d4)", "> 0"},
		{"last(nll, fifo, apart) / last(nll, mix, apart)", ">= 1.5"},
		{"last(plasticity, long, apart) - last(plasticity, fifo, apart)", "<= -0.05"},
		{"count(min(last(plasticity, long, apart), last(plasticity, fifo, apart)) <= last(plasticity, mix, apart), " +
			"last(plasticity, mix, apart) <= max(last(plasticity, long, apart), last(plasticity, fifo, apart)))", "= 2"},
		{"last(final, mix, shared) - last(final, fifo, shared) - 0.5 * (last(final, mix, apart) - last(final, fifo, apart))", "<= 0"},
		{"steps-to(success, gru, n1+l5, 0.95) / steps-to(success, lstm, n1+l5, 0.95)", ">= 2"},
		{"slope([log(1), log(2), log(4)], [log(last(final, fifo)), log(last(final, mix)), log(last(final, long))])", "0.7..1.3"},
	} {
		if _, err := ParseClaim("sheet", []string{c.value}, []string{c.bound}, known); err != nil {
			t.Errorf("%s %s: %v", c.value, c.bound, err)
		}
	}
}
