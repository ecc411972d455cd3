package stats

import (
	"errors"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

// book is a source of hand-written points: the key is metric/arm/case/seed.
type book map[string][]point

type point struct {
	x int64
	y float64
}

func (b book) Values(metric, arm, kase string, seed uint64) ([]int64, []float64, bool) {
	points, ok := b[strings.Join([]string{metric, arm, kase, string(rune('0' + seed))}, "/")]
	var xs []int64
	var ys []float64
	for _, p := range points {
		xs, ys = append(xs, p.x), append(ys, p.y)
	}
	return xs, ys, ok
}

var nan = math.NaN()

func flat() (book, Known) {
	return book{
		"success/lstm//0": {{0, 0.5}, {10, 0.7}, {20, 0.9}},
		"success/lstm//1": {{0, 0.5}, {10, 0.6}, {20, 1}},
		"success/mlp//0":  {{0, 0.5}, {10, 0.5}, {20, 0.4}},
		"success/mlp//1":  {{0, 0.5}, {10, nan}, {20, nan}},
		"loss/lstm//0":    {{0, 4}, {10, 3}, {15, 9}, {20, 2}},
		"loss/lstm//1":    {{0, 4}, {10, 0}, {20, 0}},
	}, Known{Metrics: []string{"success", "loss"}, Arms: []string{"lstm", "mlp"}}
}

func crossed() (book, Known) {
	return book{
		"success/lstm/n1+l5/0":  {{9, 1}},
		"success/lstm/n5+l5/0":  {{9, 0.8}},
		"success/lstm/n5+l10/0": {{9, 0.6}},
		"success/a b/n1+l5/0":   {{9, 0.3}},
		"success/gru-2/n1+l5/0": {{9, 0.25}},
	}, Known{Metrics: []string{"success"}, Arms: []string{"lstm", "a b", "gru-2"}, Cases: []string{"n1+l5", "n5+l5", "n5+l10"}}
}

func TestExpressionsComeToTheirHandWorkedValues(t *testing.T) {
	src, known := flat()
	for _, c := range []struct {
		text   string
		s0, s1 float64
	}{
		{"last(success, lstm)", 0.9, 1},
		{"first(loss, lstm)", 4, 4},
		{"last(success, lstm) - last(success, mlp)", 0.5, nan},
		{"last(success,lstm)-last(success,mlp)*2", 0.1, nan},
		{"1 - 2 - 3 + 2 * 3 / 4", -2.5, -2.5},
		{"-(1 - -2) * 2", -6, -6},
		{"1e1 / last(loss, lstm)", 5, nan},
		{"at(loss, lstm, 12)", 3, 0},
		{"at(loss, lstm, 20)", 2, 0},
		{"at(loss, lstm, 21)", nan, nan},
		{"at(loss, lstm, -1)", nan, nan},
		{"mean(success, lstm)", 0.7, 0.7},
		{"mean(success, lstm, 10, 20)", 0.8, 0.8},
		{"mean(success, mlp, 0, 10)", 0.5, 0.5},
		{"mean(success, mlp, 11, 19)", nan, nan},
		{"mean(loss, lstm, 10, 15)", 6, 0},
		{"highest(loss, lstm)", 9, 4},
		{"lowest(loss, lstm, 0, 15)", 3, 0},
		{"slope(success, lstm)", 0.02, 0.025},
		{"corr(success, loss, lstm)", -1, -0.8 / math.Sqrt(0.14*96/9)}, // no success at 15; seed 1: (0.5,4) (0.6,0) (1,0)
		{"rank-corr(success, loss, lstm, 10, 20)", -1, nan},
		{"steps-to(success, lstm, 0.7)", 10, 20},
		{"steps-to(success, lstm, >= 0.95)", 20, 20},
		{"steps-to(loss, lstm, <= 3)", 10, 10},
		{"steps-to(success, lstm, last(success, lstm) - 0.2)", 10, 20},
		{"min(last(success, lstm), 0.95)", 0.9, 0.95},
		{"max(0.1, last(success, lstm), 0.2)", 0.9, 1},
		{"mean(1, last(success, lstm), 3)", 4.9 / 3, 5.0 / 3},
		{"abs(1 - 3)", 2, 2},
		{"log(1)", 0, 0},
		{"log(last(loss, lstm) / 2)", 0, nan},
		{"sqrt(4)", 2, 2},
		{"sqrt(0 - 4)", nan, nan},
		{"count(last(success, lstm) > 0.95, 1 <= 1, 2 < 1, 1 = 1, 1 >= 2)", 2, 3},
		{"if(last(success, lstm) > 0.95, 5, last(success, mlp))", 0.4, 5},
		{"slope([1, 2, 3], [2, 4, 6 + last(loss, lstm)])", 3, 2},
		{"corr([1, 2], [2, 1])", -1, -1},
		{"rank-corr([1, 2, 3], [1, 8, 9])", 1, 1},
		{"spread(last(success, lstm))", 0.05, 0.05},
	} {
		expr, err := ParseExpr(c.text, known)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		got := Evaluate(expr, src, []uint64{0, 1}).Values()
		for i, want := range []float64{c.s0, c.s1} {
			if math.IsNaN(want) != math.IsNaN(got[i]) || math.Abs(got[i]-want) > 1e-12 {
				t.Errorf("%s for seed %d: got %v, want %v", c.text, i, got[i], want)
			}
		}
	}
}

func TestACaseMayBeNamedWholeInPartOrNotAtAll(t *testing.T) {
	src, known := crossed()
	for text, want := range map[string]float64{
		"last(success, lstm, n5+l10)":                                    0.6,
		"last(success, lstm, n5)":                                        0.7,
		"last(success, lstm, l5+n5)":                                     0.8,
		"last(success, lstm, l5)":                                        0.9,
		"last(success, lstm)":                                            0.8,
		"last(success, 'a b', n1+l5)":                                    0.3,
		"last(success,gru-2,n1)-1":                                       -0.75,
		"mean(success, lstm, n5, 0, 100)":                                0.7,
		"steps-to(success, lstm, n1+l5, 0.9)":                            9,
		"steps-to(success, lstm, abs(last(success, lstm, n1+l5)) - 0.9)": 9,
	} {
		expr, err := ParseExpr(text, known)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := Evaluate(expr, src, []uint64{0})[0].Value; math.Abs(float64(got)-want) > 1e-12 {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}

func TestWhatIsMissingIsNamedAndNeverZero(t *testing.T) {
	src, known := flat()
	src["success/mlp//2"] = nil
	for _, c := range []struct {
		text, note string
		seed       uint64
		missing    bool
	}{
		{"last(success, lstm) + 0 * last(success, mlp)", "success of mlp: the last value is not a number", 1, true},
		{"last(success, lstm)", "no success of lstm", 3, true},
		{"last(success, mlp)", "no success of mlp", 2, true},
		{"1 / last(loss, lstm)", "divides by zero", 1, true},
		{"at(success, lstm, 30)", "success of lstm: recorded up to x = 20 only, want 30", 0, true},
		{"steps-to(success, mlp, 0.9)", "success of mlp: 0.9 was not reached by x = 20, which stands for the number", 0, false},
	} {
		expr, err := ParseExpr(c.text, known)
		if err != nil {
			t.Fatal(err)
		}
		got := Evaluate(expr, src, []uint64{c.seed})[0]
		if got.Note != c.note || math.IsNaN(float64(got.Value)) != c.missing {
			t.Errorf("%s: got %v %q, want %q", c.text, got.Value, got.Note, c.note)
		}
	}
}

func TestErrorsSayWhereAndWhatWouldBeLegal(t *testing.T) {
	_, known := crossed()
	for _, c := range []struct {
		text   string
		offset int
		value  string
		msg    string
		hint   string
	}{
		{"lats(success, lstm)", 0, "lats", `byte 0: the function "lats" is unknown, want one of last, first`, "write last"},
		{"1 + last(succes, lstm)", 9, "succes", `byte 9: the metric "succes" is unknown, want one of success`, "write success"},
		{"last(success, gru)", 14, "gru", `the arm "gru" is unknown, want one of lstm, a b, gru-2`, ""},
		{"last(success, lstm, n1+l10)", 20, "n1+l10", `the case "n1+l10" is unknown, want one of n1+l5, n5+l5, n5+l10, n1, l5, n5, l10`, "write n5+l10"},
		{"success", 0, "success", `the metric "success" cannot stand alone`, "write last(success, ARM)"},
		{"1 +", 3, "", "byte 3: end is unexpected, want a number or a function or ( or -", ""},
		{"(1", 2, "", "want )", ""},
		{"1 2", 2, "2", "want + or - or * or / or the end", ""},
		{"at(success, lstm)", 16, ")", "want ,", ""},
		{"mean(success, lstm, 5, 2)", 20, "5", "begins at 5 and ends at 2", ""},
		{"count(1)", 7, ")", "want < or <= or > or >= or =", ""},
		{"corr([1,2],[1])", 0, "corr", "have 2 and 1 entries", ""},
		{"last(success, 'lstm", 14, "'lstm", "does not end", ""},
		{"2x", 1, "x", "unexpected", ""},
		{"1 ; 2", 2, ";", "has no meaning", "single quotes"},
		{"1e999", 0, "1e999", "is no number", ""},
		{strings.Repeat("(", 90), 64, "(", "nested more than 64 deep", ""},
		{strings.Repeat(" ", 9000), 8192, "", "want at most 8192", ""},
		{"", 0, "", "end is unexpected", ""},
	} {
		_, err := ParseExpr(c.text, known)
		cause, ok := errors.AsType[*SyntaxError](err)
		if !ok || lab.CodeOf(err) != lab.Invalid {
			t.Errorf("%s: got %v, want a syntax error", clip(c.text), err)
			continue
		}
		if cause.Offset != c.offset || cause.Value != c.value || !strings.Contains(err.Error(), c.msg) || !strings.Contains(lab.HintOf(err), c.hint) {
			t.Errorf("%s: got byte %d, value %q, %q, hint %q", clip(c.text), cause.Offset, cause.Value, err, lab.HintOf(err))
		}
	}
}

func TestPrintingKeepsTheMeaningWithoutNeedlessParentheses(t *testing.T) {
	_, known := crossed()
	for text, want := range map[string]string{
		"1-(2-3)":                              "1 - (2 - 3)",
		"(1-2)-3":                              "1 - 2 - 3",
		"(1+2)*3":                              "(1 + 2) * 3",
		"1+(2*3)":                              "1 + 2 * 3",
		"-(1+2)":                               "-(1 + 2)",
		"--1":                                  "--1",
		"0.10":                                 "0.1",
		"1e6":                                  "1000000",
		"1e-9":                                 "1e-09",
		"if( 1<2,3 , 4)":                       "if(1 < 2, 3, 4)",
		"mean( success,'a b', n1 , 0,1e3)":     "mean(success, 'a b', n1, 0, 1000)",
		"steps-to(success,lstm,>=0.5)":         "steps-to(success, lstm, 0.5)",
		"steps-to(success,gru-2,n1+l5,<=-0.5)": "steps-to(success, gru-2, n1+l5, <= -0.5)",
		"at(success,lstm,-5)":                  "at(success, lstm, -5)",
		"rank-corr([1,2],[3,4])/corr(success,success,lstm)": "rank-corr([1, 2], [3, 4]) / corr(success, success, lstm)",
	} {
		expr, err := ParseExpr(text, known)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := expr.String(); got != want {
			t.Errorf("%s: printed %s, want %s", text, got, want)
		}
	}
}

func TestReadsNamesEverySeriesOnce(t *testing.T) {
	_, known := crossed()
	expr, err := ParseExpr("last(success, lstm, n5) - mean(last(success, lstm, n5+l5), 1) + steps-to(success, gru-2, n1, first(success, lstm, n1))", known)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range expr.Reads() {
		got = append(got, r.Arm+" "+r.Case)
	}
	if want := "gru-2 n1+l5,lstm n1+l5,lstm n5+l10,lstm n5+l5"; strings.Join(got, ",") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestTheCommentOfExprNamesEveryFunction(t *testing.T) {
	text, err := os.ReadFile("expr.go")
	if err != nil {
		t.Fatal(err)
	}
	comment, _, _ := strings.Cut(string(text), "type Expr struct")
	for _, fn := range functions() {
		if !strings.Contains(comment, fn) {
			t.Errorf("the function %s is not described", fn)
		}
	}
}

// What is read must print, what is printed must read as the same, and nothing may panic, whatever the text.
func FuzzParseExpr(f *testing.F) {
	for _, s := range []string{"last(success, lstm) - 1", "-(1+2)*-3/4", "steps-to(success,'a b',n1,<= abs(2))", "if(1<2,3,4)", "count(1<2,2=3)",
		"mean(success,lstm,n5+l10,0,1e3)", "corr([1,2],[3,4])", "'", "1e", "((((", "at(success,gru-2,-5)", "spread(last(success,lstm))", "\xff", strings.Repeat("\x80", 100)} {
		f.Add(s)
	}
	src, known := crossed()
	f.Fuzz(func(t *testing.T, text string) {
		expr, err := ParseExpr(text, known)
		if err != nil {
			if cause, ok := errors.AsType[*SyntaxError](err); !ok || cause.Offset < 0 || cause.Offset > len(text) {
				t.Fatalf("%q: error without a place in it: %v", text, err)
			}
			return
		}
		printed := expr.String()
		again, err := ParseExpr(printed, known)
		if err != nil {
			t.Fatalf("%q printed as %q, which does not parse: %v", text, printed, err)
		}
		if again.String() != printed {
			t.Fatalf("%q printed as %q and then as %q", text, printed, again)
		}
		a, b := Evaluate(expr, src, []uint64{0, 1}), Evaluate(again, src, []uint64{0, 1})
		for i := range a {
			if math.Float64bits(float64(a[i].Value)) != math.Float64bits(float64(b[i].Value)) || a[i].Note != b[i].Note {
				t.Fatalf("%q is %v, %q is %v", text, a[i], printed, b[i])
			}
		}
	})
}

func TestAValueThatIsThereHasNoNote(t *testing.T) {
	src := constant{0.5}
	for _, text := range []string{"last(success, lstm)", "first(success, lstm)"} {
		expr, err := ParseExpr(text, Known{Metrics: []string{"success"}, Arms: []string{"lstm"}})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range Evaluate(expr, src, []uint64{1, 2}) {
			if v.Note != "" || v.Value != 0.5 {
				t.Errorf("%s is %v with the note %q, want 0.5 without one", text, v.Value, v.Note)
			}
		}
	}
}

// constant has two points of one value for every run.
type constant struct{ y float64 }

func (c constant) Values(_, _, _ string, _ uint64) ([]int64, []float64, bool) {
	return []int64{0, 1}, []float64{c.y, c.y}, true
}
