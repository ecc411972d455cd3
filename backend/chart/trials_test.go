package chart

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

func someTrials(dark bool) Trials {
	lstm, gru := Arm{Name: "lstm", Place: 0}, Arm{Name: "gru", Place: 7}
	return Trials{Metric: success, Title: "halve", Dark: dark, Knobs: []Knob{{Name: "rl.rate", Log: true}, {Name: "agent.width"}, {Name: "world.regime"}}, Points: []Trial{
		{Arm: lstm, Values: []any{0.003, int64(32), "fixed"}, Score: 0.9, State: "complete", Whole: true, Best: true},
		{Arm: lstm, Values: []any{0.001, int64(64), "uniform"}, Score: 0.7, State: "dropped"},
		{Arm: lstm, Values: []any{0.01, int64(16), "fixed"}, Score: math.NaN(), State: "failed"},
		{Arm: gru, Values: []any{0.003, int64(32), "fixed"}, Score: 0.8, State: "complete", Whole: true, Best: true},
	}}
}

func TestPicturesOfASweepAreThoseOfTheGoldenFiles(t *testing.T) {
	parallel, err := someTrials(false).Parallel()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "parallel", parallel)
	slice, err := someTrials(true).Slice(0)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "slice", slice)
	text, err := someTrials(false).Slice(2)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "slice-of-words", text)
}

func TestAPictureOfASweepSaysWhichPointIsBest(t *testing.T) {
	c, err := someTrials(false).Parallel()
	if err != nil {
		t.Fatal(err)
	}
	if want := "lstm is best with rl.rate 0.003, agent.width 32, world.regime fixed: success 0.90; gru is best with rl.rate 0.003, agent.width 32, world.regime fixed: success 0.80."; c.Sentence != want {
		t.Errorf("sentence is %q, want %q", c.Sentence, want)
	}
	if got := c.Table.Rows[2]; strings.Join(got, "|") != "lstm|0.01|16|fixed||failed" {
		t.Errorf("a point without a value is %q in the table", got)
	}
	none := Trials{Metric: success, Knobs: []Knob{{Name: "k"}}, Points: []Trial{{Values: []any{1.0}, Score: math.NaN(), State: "incomplete"}}}
	if c, err = none.Parallel(); err != nil || c.Sentence != "No point of this sweep is complete yet." {
		t.Errorf("without a value the sentence is %q, %v", c.Sentence, err)
	}
}

// Neither colour nor thickness alone tells how a point stands: its line does.
func TestHowAPointStandsIsSeenWithoutColour(t *testing.T) {
	c, err := someTrials(false).Parallel()
	if err != nil {
		t.Fatal(err)
	}
	var option struct {
		Series []struct {
			ID        string
			LineStyle struct{ Type string }
		}
		ParallelAxis []struct {
			Name, Type string
			Data       []string
		} `json:"parallelAxis"`
	}
	if err := json.Unmarshal(c.Option, &option); err != nil {
		t.Fatal(err)
	}
	lines := map[string]string{}
	for _, s := range option.Series {
		_, state, _ := strings.Cut(s.ID, "(")
		lines[strings.TrimSuffix(state, ")")] = s.LineStyle.Type
	}
	if lines["complete"] != "solid" || lines["dropped"] != "dashed" || lines["failed"] != "dotted" {
		t.Errorf("lines are %v", lines)
	}
	kinds := ""
	for _, a := range option.ParallelAxis {
		kinds += a.Name + " " + a.Type + ", "
	}
	if kinds != "arm category, rl.rate log, agent.width value, world.regime category, success (share) value, " {
		t.Errorf("axes are %s", kinds)
	}
}
