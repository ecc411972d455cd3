package chart

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/series"
)

func TestGapsAndLoneValuesAreMarked(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for name, c := range map[string]struct{ xy, gaps, alone []float64 }{
		"a whole line has no marks":                {[]float64{0, 1, 1, 2}, nil, nil},
		"a gap stands at the height before it":     {[]float64{0, 1, 1, nan, 2, 5, 3, 6}, []float64{1, 1}, []float64{0, 1}},
		"a gap at the beginning at that behind it": {[]float64{0, nan, 1, 4, 2, 5}, []float64{0, 4}, nil},
		"a value between gaps stands alone":        {[]float64{0, nan, 1, 4, 2, inf}, []float64{0, 4, 2, 4}, []float64{1, 4}},
		"nothing but gaps has no height":           {[]float64{0, nan, 1, nan}, nil, nil},
		"a single value has the shape of its line": {[]float64{3, 4}, nil, nil},
	} {
		gaps, alone := marksOf(c.xy)
		if !slices.Equal(gaps, c.gaps) || !slices.Equal(alone, c.alone) {
			t.Errorf("%s: gaps %v, alone %v", name, gaps, alone)
		}
	}
	if got := every(make([]float64, 2000), mostMarks); len(got) != 2*mostMarks {
		t.Errorf("1,000 marks become %d", len(got)/2)
	}
}

// A spike of one seed of many is no mean: only its own line, or the envelope, can show it.
func TestASpikeOfOneSeedIsDrawnHoweverManySeedsThereAre(t *testing.T) {
	const at = 6_543
	for _, seeds := range []int{1, 2, 12, 13, 40} {
		arm := Arm{Name: "a"}
		for seed := range seeds {
			s := new(series.Series)
			for x := range 10_000 {
				y := math.Sin(float64(x) / 90)
				if x == at && seed == 0 {
					y = 50
				}
				if err := s.Append(int64(x), y); err != nil {
					t.Fatal(err)
				}
			}
			arm.Runs = append(arm.Runs, Run{Seed: uint64(seed), Raw: s})
		}
		for _, smooth := range []int{0, 20} {
			c, err := Learning(Curves{Metric: success, Arms: []Arm{arm}, Columns: 128, Smooth: smooth})
			if err != nil {
				t.Fatal(err)
			}
			if top := highest(c); math.Abs(top-50) > 1e-9 {
				t.Errorf("%d seeds, smoothed over %d: the highest thing drawn is at %v", seeds, smooth, top)
			}
			if !strings.Contains(c.Caption, "columns, extremes kept") {
				t.Errorf("caption %q", c.Caption)
			}
		}
	}
}

// highest is the highest value of a chart; envelopes stand on their lower ends.
func highest(c Chart) float64 {
	top := math.Inf(-1)
	var low []float64
	for _, s := range c.Series {
		for i := 1; i < len(s.XY); i += 2 {
			switch s.Role {
			case RoleEnvelope:
				top = max(top, low[i]+s.XY[i])
			case RoleSeed, RoleMean:
				top = max(top, s.XY[i])
			}
		}
		low = s.XY
	}
	return top
}

func TestALineRunsToTheEdgesOfItsWindow(t *testing.T) {
	arm := Arm{Name: "a", Runs: []Run{run(t, 0, 0, 1, 2, 3, 4), run(t, 1, 0, 3, 4, 5, 6)}}
	c, err := Learning(Curves{Metric: success, Arms: []Arm{arm}, Window: &series.Window{From: 15, To: 25}})
	if err != nil {
		t.Fatal(err)
	}
	mean := c.Series[slices.IndexFunc(c.Series, func(s Series) bool { return s.Role == RoleMean })]
	if !slices.Equal(mean.XY, []float64{10, 2, 20, 3, 30, 4}) {
		t.Errorf("mean %v", mean.XY)
	}
	if len(c.Table.Rows) != 1 || !strings.Contains(c.Caption, "2 points, 8 outside the view") {
		t.Errorf("table %v, caption %q", c.Table.Rows, c.Caption)
	}
}
