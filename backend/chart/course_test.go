package chart

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

func TestACourseHoldsEachValueToTheNextPoint(t *testing.T) {
	c, err := Steps(Course{Title: "size", XName: "episode", YName: "tokens", At: 3, AtName: "here", End: 9,
		Lines: []CourseLine{{Name: "tokens", XY: []float64{1, 10, 4, 31900}, Low: []float64{1, 2}, High: []float64{11, 12}}}})
	if err != nil {
		t.Fatal(err)
	}
	var option struct {
		Series []struct {
			Step     string
			Data     [][2]float64
			MarkLine struct{ Data []map[string]float64 }
		}
	}
	if err := json.Unmarshal(c.Option, &option); err != nil {
		t.Fatal(err)
	}
	if n := len(option.Series); n != 3 || option.Series[2].Step != "end" {
		t.Fatalf("%d series in %s", n, c.Option)
	}
	if got := option.Series[2].Data; len(got) != 3 || got[2] != [2]float64{9, 31900} {
		t.Errorf("the line is %v", got)
	}
	if got := option.Series[1].Data; got[1][1] != 10 {
		t.Errorf("the band is %v high", got)
	}
	if len(option.Series[0].MarkLine.Data) != 1 || c.Sentence != "tokens goes from 10.0 to 31900." || c.Points != 2 || len(c.Table.Rows) != 2 {
		t.Errorf("sentence %q, %d points, mark %v", c.Sentence, c.Points, option.Series[0].MarkLine)
	}
	if c, err = Steps(Course{At: math.NaN(), End: math.NaN()}); err != nil || c.Sentence != "No value yet." {
		t.Errorf("an empty course says %q, %v", c.Sentence, err)
	}
}

func TestATallyNamesWhatHasMost(t *testing.T) {
	c, err := Tally{What: "reads", Names: []string{"schema", "cut off"}, Counts: []int{6, 2}}.Bars()
	if err != nil || c.Sentence != "schema has most reads: 6 of 8." || !strings.Contains(string(c.Option), `"data":[6,2]`) {
		t.Errorf("%q, %v, %s", c.Sentence, err, c.Option)
	}
}
