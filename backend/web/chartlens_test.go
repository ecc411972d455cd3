package web

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/series"
)

func holds(c Chart, x, y float64) bool {
	for _, s := range c.Series {
		for i := 0; i+1 < len(s.XY); i += 2 {
			if s.XY[i] == x && s.XY[i+1] == y {
				return true
			}
		}
	}
	return false
}

func TestAPlantedSpikeIsInTheAnswerAtEveryZoom(t *testing.T) {
	for seeds, n := range map[uint64]int64{1: 1_000_000, 2: 100_000} {
		at := n*5/8 + 19
		k := newKit(t)
		k.owner.all = sched.Done
		for seed := range seeds {
			for x := range int64(n) {
				y := math.Sin(float64(x) / 1000)
				if x == at && seed == 0 {
					y = 50
				}
				k.owner.add("success", "lstm", seed, x, y)
			}
		}
		r := rand.New(rand.NewPCG(5, seeds))
		for try := range 60 {
			span := int64(math.Exp(r.Float64() * math.Log(float64(n))))
			from := at - r.Int64N(span+1)
			address := fmt.Sprintf("%s&from=%d&to=%d", chartAddress, from, from+span+1)
			if try == 0 {
				address = chartAddress
			}
			var c Chart
			if k.get(address, &c); !holds(c, float64(at), 50) {
				t.Fatalf("%d seeds: the spike is lost in %s (%s)", seeds, address, c.Caption)
			}
		}
	}
}

func TestAWindowSaysWhatItShowsAndWhatLiesOutside(t *testing.T) {
	k := newKit(t)
	k.owner.all = sched.Done
	for x := range int64(1_000_000) {
		k.owner.add("success", "lstm", 0, x, float64(x%7))
	}
	for part, want := range map[string]string{
		"":                     "1,000,000 points in 1,600 columns, extremes kept",
		"&from=1000&to=2000":   "1,000 points, 999,000 outside the view",
		"&from=0&to=500000":    "500,000 points in 1,600 columns, extremes kept, 500,000 outside the view",
		"&from=-500&to=-100":   "0 points, 1,000,000 outside the view",
		"&smooth=100":          "smoothed over 100 points, raw behind",
		"&from=0&to=6&smooth=": "6 points, 999,994 outside the view",
	} {
		var c Chart
		if k.get(chartAddress+part, &c); !strings.Contains(c.Caption, want) {
			t.Errorf("%q says %q, want %q", part, c.Caption, want)
		}
		var option struct {
			XAxis []struct{ Min, Max *float64 }
		}
		if err := json.Unmarshal(c.Option, &option); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(part, "from=0&") && (option.XAxis[0].Min == nil || *option.XAxis[0].Min != 0 || c.Window.From != 0) {
			t.Errorf("%q: the axis is not cut: %+v", part, c.Window)
		}
	}
	for _, wrong := range []string{"&from=3", "&from=9&to=3", "&from=a&to=b", "&from=-9223372036854775808&to=9223372036854775807", "&smooth=-1", "&smooth=x"} {
		k.refused(k.do(k.request("GET", chartAddress+wrong, "")), 400)
	}
}

// What was drawn of a column stays as it is while points come behind it; only when the axis doubles are columns joined in pairs.
func TestAnOldColumnOfALiveChartNeverChangesButForJoining(t *testing.T) {
	k := newKit(t)
	k.owner.all = sched.Running
	r := rand.New(rand.NewPCG(8, 8))
	var before Chart
	doubled, compared := 0, 0
	for x := range int64(9000) {
		for seed := range uint64(2) {
			k.owner.add("success", "lstm", seed, x, r.NormFloat64())
		}
		if x%50 != 49 {
			continue
		}
		var now Chart
		k.get(chartAddress, &now)
		switch {
		case before.Window == nil:
		case *before.Window == *now.Window:
			full := (x - 49) &^ 63 // columns below were full at the last look: their widths are powers of two
			for i, s := range now.Series {
				old, new := below(before.Series[i].XY, full), below(s.XY, full)
				if compared += len(old); !slices.Equal(old, new) {
					t.Fatalf("series %s changed below x = %d at x = %d", s.Role, full, x)
				}
			}
		default:
			doubled++
			if now.Window.To-now.Window.From != 2*(before.Window.To-before.Window.From) {
				t.Fatalf("the axis went from %+v to %+v", before.Window, now.Window)
			}
			for i, s := range now.Series {
				if s.Role == "seed" && !within(below(s.XY, x-200), before.Series[i].XY) {
					t.Fatalf("seed line %d holds a point after doubling that was not drawn before", i)
				}
			}
		}
		before = now
	}
	if doubled < 3 || compared < 10_000 {
		t.Errorf("the axis doubled %d times and %d numbers were compared: the test needs more", doubled, compared)
	}
}

func below(xy []float64, x int64) []float64 {
	for i := 0; i < len(xy); i += 2 {
		if xy[i] >= float64(x) {
			return xy[:i]
		}
	}
	return xy
}

func within(part, whole []float64) bool {
	at := 0
	for i := 0; i < len(part); i += 2 {
		for at < len(whole) && (whole[at] != part[i] || whole[at+1] != part[i+1]) {
			at += 2
		}
		if at >= len(whole) {
			return false
		}
	}
	return true
}

func TestAnExportHoldsEveryRawValueWithItsPlace(t *testing.T) {
	k := newKit(t)
	k.owner.write(t, runKey, smallRun()...)
	k.owner.stored = nil
	var want []lab.Metric
	for _, ev := range smallRun() {
		if m, ok := ev.(lab.Metric); ok && m.Name == "success" {
			want = append(want, m)
			k.owner.add("success", "lstm", 0, m.X, float64(m.Value))
		}
	}
	if len(want) == 0 {
		t.Fatal("the small run has no success")
	}
	k.owner.state = map[string]string{runKey: sched.Done}
	text := bodyOf(t, k.do(k.request("GET", "/api/run/"+runKey+"/rows?metric=success&form=csv", "")))
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) != len(want)+1 {
		t.Fatalf("%v: %q", err, text)
	}
	if got := strings.Join(rows[0], " "); got != "metric arm case seed x value episode step time" {
		t.Errorf("head %q", got)
	}
	for i, m := range want {
		row := rows[i+1]
		if row[0] != "success" || row[1] != "lstm" || row[4] != fmt.Sprint(m.X) || row[5] != fmt.Sprint(float64(m.Value)) || !strings.HasPrefix(row[8], "2027-") {
			t.Errorf("row %v for %+v", row, m)
		}
	}
	lines := bufio.NewScanner(strings.NewReader(bodyOf(t, k.do(k.request("GET", chartPath("rows")+"&form=jsonl", "")))))
	n := 0
	for lines.Scan() {
		var row series.Row
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil || row.Arm != "lstm" {
			t.Errorf("line %s: %v", lines.Text(), err)
		}
		n++
	}
	if n != len(want) {
		t.Errorf("%d lines, want %d", n, len(want))
	}
	k.refused(k.do(k.request("GET", chartPath("rows")+"&form=png", "")), 400)
}

func chartPath(what string) string {
	return strings.Replace(chartAddress, "chart?", "chart/"+what+"?", 1)
}

func TestARunThatWasOnlyRecordedShowsItsRecordedPoints(t *testing.T) {
	k := newKit(t, func(c *Config) { c.Recorded = shippedResults{c.Owner.(*fakeOwner)} })
	k.owner.add("success", "lstm", 0, 1, 0.5)
	k.refused(k.do(k.request("GET", "/api/run/"+runKey, "")), 404) // no notebook asks for it yet
	k.get("/api/plan?path=experiments/memory-rewriting.md&budget=laptop", new(Plan))
	k.get(chartAddress+"&budget=laptop", new(Chart))
	var d RunDetail
	if k.get("/api/run/"+runKey, &d); d.Row.Key != runKey || d.Notebook != "experiments/memory-rewriting.md" {
		t.Errorf("run %+v", d.Row)
	}
	var c Chart
	if k.get("/api/run/"+runKey+"/chart?metric=success", &c); c.Recorded == "" || c.Points != 1 {
		t.Errorf("recorded %q with %d points", c.Recorded, c.Points)
	}
}

func TestOutlinesComeForARunAndItsSeeds(t *testing.T) {
	k := newKit(t)
	k.owner.all = sched.Done
	for x := range int64(500) {
		k.owner.add("success", "lstm", 0, x, float64(x))
		k.owner.add("success", "lstm", 1, x, float64(-x))
	}
	k.owner.write(t, runKey, smallRun()...)
	var list []Outline
	k.get("/api/run/"+runKey+"/outlines?metric=success", &list)
	if len(list) == 0 {
		t.Fatal("no outlines")
	}
	for _, o := range list {
		if o.Key == runKey && (o.Points != 500 || len(o.XY) != 2*outlinePoints || o.XY[0] != 0 || o.XY[len(o.XY)-1] != 499) {
			t.Errorf("outline %+v", o)
		}
	}
}
