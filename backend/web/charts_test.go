package web

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/chart"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/store"
)

const (
	chartAddress = "/api/chart?path=experiments/memory-rewriting.md&cell=chart-success"
	chartTopic   = "chart:experiments/memory-rewriting.md#chart-success@"
)

func TestAChartHasItsPointsItsSentenceAndItsTable(t *testing.T) {
	k := newKit(t)
	k.owner.all = sched.Done
	for seed := range uint64(2) {
		for x := range int64(10) {
			k.owner.add("success", "lstm", seed, x, float64(x)/10)
		}
	}
	k.owner.add("success", "gru", 0, 0, math.NaN())
	var c Chart
	k.get(chartAddress, &c)
	roles := map[string]int{}
	for i, s := range c.Series {
		roles[s.Arm+" "+s.Role]++
		if s.Index != i {
			t.Errorf("series %d has index %d", i, s.Index)
		}
	}
	if c.Points != 21 || roles["lstm mean"] != 1 || roles["lstm seed"] != 2 || roles["gru mean"] != 1 || c.Early || c.Stale != "" {
		t.Errorf("%d points, series %v, early %v, stale %q", c.Points, roles, c.Early, c.Stale)
	}
	i := slices.IndexFunc(c.Series, func(s ChartSeries) bool { return s.Arm == "lstm" && s.Role == "mean" })
	if xy := c.Series[i].XY; len(xy) != 20 || xy[18] != 9 || xy[19] != 0.9 {
		t.Errorf("mean of lstm %v", xy)
	}
	if !strings.Contains(c.Sentence, "lstm") || len(c.Table.Rows) == 0 || !json.Valid(c.Option) {
		t.Errorf("sentence %q, table %+v", c.Sentence, c.Table)
	}
	var light, dark Chart
	k.get(chartAddress, &light)
	if k.get(chartAddress+"&dark=1", &dark); string(light.Option) == string(dark.Option) {
		t.Error("the dark picture has the colours of the light one")
	}
}

func TestPointsCrossTheWireWithTheirGaps(t *testing.T) {
	want := XY{0, math.NaN(), 1, math.Inf(1), 2, math.Inf(-1), 3, 0.1, 4, 1e-300}
	raw, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if string(raw) != `[0,"NaN",1,"+Infinity",2,"-Infinity",3,0.1,4,1e-300]` {
		t.Errorf("points %s", raw)
	}
	var got XY
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if math.Float64bits(got[i]) != math.Float64bits(want[i]) {
			t.Errorf("point %d came back as %v, want %v", i, got[i], want[i])
		}
	}
}

func TestACellThatIsNoChartIsNamed(t *testing.T) {
	k := newKit(t)
	e := k.refused(k.do(k.request("GET", "/api/chart?path=experiments/memory-rewriting.md&cell=world", "")), 404)
	if !strings.Contains(e.Msg, `"world"`) || !strings.Contains(e.Msg, `["chart-success"]`) {
		t.Errorf("message %q", e.Msg)
	}
}

func TestEveryKindOfChartIsDrawn(t *testing.T) {
	k := newKit(t)
	path, _ := k.mine()
	k.edit(path, Operation{Type: "insert-cell", After: "arms", Kind: "cases", Source: "corridors:\n  n1: {world.corridors: 1}\n  n5: {world.corridors: 5}\n"})
	k.owner.cases, k.owner.all = []string{"n5", "n1"}, sched.Done
	for seed := range uint64(3) {
		for _, c := range k.owner.cases {
			k.owner.add("success", "lstm "+c, seed, 1, 0.5)
			k.owner.add("success", "gru "+c, seed, 1, 0.25)
		}
	}
	for source, want := range map[string]string{
		"metric: success\nkind: bar\n":         `"interval"`,
		"metric: success\nkind: matrix\n":      `"heatmap"`,
		"metric: success\nx: cases\n":          `"case nx"`,
		"metric: success\ncases: [n1]\n":       `"line"`,
		"metric: success\nsmoothing: 5\n":      "smoothed over 5 points",
		"metric: success\narms: [gru]\n":       `"gru, n1"`,
		"metric: success\nkind: bar\narms: []": `"lstm, n5"`,
	} {
		n := k.edit(path, Operation{Type: "set-source", Cell: "chart-success", Source: "name: success\n" + source})
		if len(n.Problems) > 0 {
			t.Fatalf("%s: %+v", source, n.Problems)
		}
		var c Chart
		k.get("/api/chart?path="+path+"&cell=chart-success", &c)
		if !strings.Contains(strings.ReplaceAll(string(c.Option), "/interval", `"interval"`), want) {
			t.Errorf("%s gives %s, want %s in it", source, c.Option, want)
		}
	}
}

func TestCasesFindTheirPlacesOnAnAxis(t *testing.T) {
	if p, unit := casePlaces([]string{"n10", "n1", "n5"}); p["n10"] != 10 || p["n1"] != 1 || unit != "case nx" {
		t.Errorf("places %v, unit %q", p, unit)
	}
	if p, unit := casePlaces([]string{"easy", "hard"}); p["easy"] != 1 || p["hard"] != 2 || unit != "case: 1 = easy, 2 = hard" {
		t.Errorf("places %v, unit %q", p, unit)
	}
	if p, _ := casePlaces([]string{"n1+l5", "n5+l5"}); p["n1+l5"] != 1 || p["n5+l5"] != 2 {
		t.Errorf("two numbers: places %v", p)
	}
}

func TestAChangedNotebookShowsItsOldResultsAndSaysSo(t *testing.T) {
	k := newKit(t)
	k.owner.stored = []store.Run{
		{Key: "older", Paper: "memory-rewriting", Notebook: "experiments/memory-rewriting.md", Arm: "lstm", Seed: 0, Budget: "laptop", State: store.Done,
			Setup: lab.Setup{Sections: map[string]json.RawMessage{"agent": json.RawMessage(`{"kind":"lstm","width":16}`)}}},
	}
	k.owner.sections = map[string]json.RawMessage{"agent": json.RawMessage(`{"kind":"lstm","width":32}`)}
	k.owner.add("success", "lstm", 0, 1, 0.5)
	var c Chart
	if k.get(chartAddress, &c); c.Stale != "made with agent.width 16" {
		t.Errorf("stale %q", c.Stale)
	}
}

func TestRecordedCurvesAreDrawnUntilSomethingIsRun(t *testing.T) {
	k := newKit(t, func(c *Config) { c.Recorded = shippedResults{c.Owner.(*fakeOwner)} })
	k.owner.add("success", "lstm", 0, 1, 0.5)
	var c Chart
	if k.get(chartAddress, &c); c.Recorded != "4 cores, 2026-11-20" || c.Points != 1 {
		t.Errorf("recorded %q with %d points", c.Recorded, c.Points)
	}
	k.start()
	k.owner.setRun(runKey, sched.Running, 1)
	if k.get(chartAddress, &c); c.Recorded != "" {
		t.Errorf("recorded %q after a run", c.Recorded)
	}
}

func TestOneMetricOfOneRunIsDrawn(t *testing.T) {
	k := newKit(t)
	k.owner.write(t, runKey, smallRun()...)
	k.owner.add("success", "lstm", 0, 1, 0.5)
	k.owner.add("success", "lstm", 0, 2, 0.75)
	var c Chart
	if k.get("/api/run/"+runKey+"/chart?metric=success", &c); c.Cell != "success" || c.Points != 2 {
		t.Errorf("chart %+v", c)
	}
	k.refused(k.do(k.request("GET", "/api/run/none/chart?metric=success", "")), 404)
}

// follow applies what a page gets to the points that it has, as the page does.
func follow(t *testing.T, have map[int][]float64, frames [][]byte) (last uint64) {
	t.Helper()
	for _, raw := range frames {
		f, err := chart.DecodeFrame(raw)
		if err != nil {
			t.Fatal(err)
		}
		if last > 0 && f.Number != last+1 {
			t.Errorf("frame %d follows %d", f.Number, last)
		}
		last = f.Number
		for _, p := range f.Series {
			if 2*p.From > len(have[p.Index]) {
				t.Fatalf("series %d goes on at point %d, the page has %d", p.Index, p.From, len(have[p.Index])/2)
			}
			have[p.Index] = append(slices.Clone(have[p.Index][:2*p.From]), p.XY...)
		}
	}
	return last
}

// The promise of the first notebook: 10,000 events a second reach the page in 10 updates a second, and none is lost.
func TestTenThousandEventsASecondReachThePageInTenUpdates(t *testing.T) {
	live(t, func(k *kit, w *wire) {
		k.start()
		k.owner.begin(sched.Running)
		k.owner.add("success", "lstm", 0, 0, 0)
		c := k.dial(w, true)
		c.send(ClientMessage{Type: "watch", Topic: chartTopic})
		pass(time.Second)
		c.drain()
		const seconds, each = 3, 10_000
		x := int64(0)
		var frames [][]byte
		for range seconds {
			for range 100 {
				for range each / 100 {
					x++
					k.owner.add("success", "lstm", 0, x, math.Sin(float64(x)/700))
				}
				k.owner.setRun(runKey, sched.Running, x)
				pass(10 * time.Millisecond)
			}
			got, news, times := c.drain()
			if len(times) > 10 || len(times) < 5 {
				t.Errorf("%d updates in a second, want 5 to 10", len(times))
			}
			for _, m := range got {
				if m.Type != "lag" {
					t.Errorf("message %+v", m)
				}
			}
			frames = append(frames, news...)
		}
		k.owner.setRun(runKey, sched.Done, x)
		k.owner.setJob(sched.Done)
		pass(time.Second)
		if _, ys, _ := k.owner.Values("success", "lstm", "", 0); len(ys) != seconds*each+1 {
			t.Errorf("the owner has %d events, want %d", len(ys), seconds*each+1)
		}
		var now Chart
		if k.get(chartAddress, &now); now.Points != seconds*each+1 {
			t.Errorf("the picture stands on %d points, want %d", now.Points, seconds*each+1)
		}
		bytes := 0
		for _, f := range frames {
			bytes += len(f)
		}
		t.Logf("%d frames, %d bytes for %d events", len(frames), bytes, seconds*each)
	})
}

func TestFramesBringAPageToTheNewestPicture(t *testing.T) {
	live(t, func(k *kit, w *wire) {
		k.start()
		k.owner.begin(sched.Running)
		for seed := range uint64(2) {
			k.owner.add("success", "lstm", seed, 0, 0.5)
		}
		var c Chart
		k.get(chartAddress, &c)
		have := map[int][]float64{}
		for _, s := range c.Series {
			have[s.Index] = s.XY
		}
		page := k.dial(w, true)
		page.send(ClientMessage{Type: "watch", Topic: chartTopic, After: 41})
		again := 0
		for x := int64(1); x < 400; x++ {
			for seed := range uint64(2) {
				k.owner.add("success", "lstm", seed, 2*x, float64(x%17)/float64(seed+1))
			}
			k.owner.setRun(runKey, sched.Running, x)
			pass(20 * time.Millisecond)
			got, frames, _ := page.drain()
			if len(got) > 0 { // the axis grew, say: the page reads the chart again
				again++
				k.get(chartAddress, &c)
				have = map[int][]float64{}
				for _, s := range c.Series {
					have[s.Index] = s.XY
				}
			}
			follow(t, have, frames)
		}
		pass(time.Second)
		_, frames, _ := page.drain()
		follow(t, have, frames)
		k.get(chartAddress, &c)
		for _, s := range c.Series {
			if !slices.Equal(fmtAll(have[s.Index]), fmtAll(s.XY)) {
				t.Errorf("series %d (%s): the page has %d numbers, the server %d", s.Index, s.Role, len(have[s.Index]), len(s.XY))
			}
		}
		if again > 12 {
			t.Errorf("the page read the chart again %d times in 8 s", again)
		}
	})
}

func fmtAll(xs []float64) []string {
	out := make([]string, len(xs))
	for i, x := range xs {
		out[i] = fmt.Sprint(x)
	}
	return out
}

func TestAChartWithNothingGoingOnIsSilent(t *testing.T) {
	live(t, func(k *kit, w *wire) {
		k.owner.add("success", "lstm", 0, 0, 0.5)
		c := k.dial(w, true)
		c.send(ClientMessage{Type: "watch", Topic: chartTopic})
		pass(10 * time.Second)
		if got, frames, _ := c.drain(); len(got)+len(frames) != 0 {
			t.Errorf("%d messages and %d frames", len(got), len(frames))
		}
	})
}

func TestAWrongChartTopicIsAnswered(t *testing.T) {
	live(t, func(k *kit, w *wire) {
		c := k.dial(w, true)
		for _, topic := range []string{"chart:experiments/memory-rewriting.md", "chart:/etc/passwd#c@", "chart:experiments/memory-rewriting.md#c@huge", "runchart:K"} {
			c.send(ClientMessage{Type: "watch", Topic: topic})
		}
		pass(time.Second)
		if got, _, _ := c.drain(); len(got) != 4 || got[0].Type != "notice" {
			t.Errorf("answers %+v", got)
		}
	})
}
