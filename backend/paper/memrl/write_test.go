package memrl

import (
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

// heated is an episode as the house tells it: one switch and one receptacle were tried in vain.
func heated(success bool, script string) course {
	return course{rooms: map[string]string{"rug": "bathroom", "panel": "cellar", "kettle": "attic", "shelf": "study", "drawer": "kitchen"}, number: 7,
		task: lab.Experience{Kind: lab.OneTask, Key: "heat and store glass brush", Text: "heat and store glass brush : " + script, Scored: true, Success: success, Source: "7/9"}}
}

const (
	worked            = "go rug ; take brush ; go panel ; use blue ; go kettle ; use kettle dead ; use red ; use kettle ; take fails ; go shelf ; open shelf ; put brush in shelf ; success"
	failedAtTheDrawer = "go rug ; take brush ; go panel ; use red ; go kettle ; use kettle ; go drawer ; open drawer ; put brush in drawer fails ; failed"
)

func TestEachStyleKeepsAndLosesWhatItShould(t *testing.T) {
	for style, want := range map[string]string{
		schemaStyle:    "heat and store glass brush : use red ; use kettle ; put brush in shelf ; success",
		literalStyle:   "heat and store glass brush : go rug ; use cellar ; use attic ; put brush in study ; success",
		truncatedStyle: "heat and store glass brush : put brush in shelf ; success",
		rawStyle:       "heat and store glass brush : " + worked,
	} {
		c := heated(true, worked)
		e := c.write(style)
		if e.Text != want || e.Key != "heat and store glass brush" || styleOf(&lab.Entry{Sources: []string{e.Source}}) != style {
			t.Errorf("%s: %q of %q, want %q", style, e.Text, e.Source, want)
		}
	}
}

func TestAFailureLeavesAReflectionThatNamesTheStepThatFailed(t *testing.T) {
	for _, style := range []string{schemaStyle, literalStyle, truncatedStyle} {
		c := heated(false, failedAtTheDrawer)
		e := c.write(style)
		if want := "heat and store glass brush : use red ; use kettle ; put brush in drawer fails ; failed"; e.Text != want || !strings.HasPrefix(e.Source, failedStyle+" ") {
			t.Errorf("%q of %q, want %q", e.Text, e.Source, want)
		}
	}
	idle := course{task: lab.Experience{Kind: lab.OneTask, Text: "heat and store glass brush ; failed"}}
	if got := idle.write(schemaStyle).Text; got != "heat and store glass brush ; failed" {
		t.Errorf("of an episode without an action that was understood: %q", got)
	}
	c := heated(false, strings.Repeat("use red ; use kettle dead ; ", 5)+"failed")
	if got := c.write(schemaStyle).Text; strings.Count(got, " ; ") != mostFailed {
		t.Errorf("a reflection of %q", got)
	}
}

func TestStylesAreDrawnWithTheirShares(t *testing.T) {
	k := RunKnobs{Writer: Styles, Literal: 0.25, Truncated: 0.5}
	for u, want := range map[float64]string{0: literalStyle, 0.2499: literalStyle, 0.25: truncatedStyle, 0.7499: truncatedStyle, 0.75: schemaStyle, 0.9999: schemaStyle} {
		if got := k.draw(u); got != want {
			t.Errorf("at %v %s, want %s", u, got, want)
		}
	}
	if k.Writer = Raw; k.draw(0.1) != rawStyle {
		t.Error("a raw writer draws styles")
	}
}
