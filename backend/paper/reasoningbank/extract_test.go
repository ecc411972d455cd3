package reasoningbank

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/shop"
)

func visited3(won bool, noted []bool, chosen ...string) trace {
	return trace{shop.Buy, chosen, noted, "buy red mug : search mug", won}
}

func none3() []bool { return []bool{false, false, false} }

func lines(items []advice) string { return written(items) }

func TestWinnersLeaveWhatTheyDidAndLosersWhatTheyLack(t *testing.T) {
	d := &dice{key: 3}
	for name, c := range map[string]struct {
		trace trace
		want  []string
	}{
		"a winner": {visited3(true, none3(), "search", "filter", "plain"), []string{"for buy : enter search", "for buy : item plain", "for buy : list filter"}},
		"a loser with two notes": {visited3(false, []bool{true, false, true}, "search", "filter", "plain"),
			[]string{"for buy : enter menu", "for buy : item size"}},
		"a loser that came as far as the list": {visited3(false, []bool{true, false, false}, "menu", "", ""), []string{"for buy : enter search"}},
	} {
		got := strings.Split(lines(c.trace.distil(0, 3, d)), "\n")
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s leaves %q, want %q", name, got, c.want)
		}
	}
	t.Run("a loser without notes doubts one of its choices", func(t *testing.T) {
		seen := map[string]bool{}
		for range 200 {
			tr := visited3(false, none3(), "search", "filter", "plain")
			items := tr.distil(0, 3, d)
			if len(items) != 1 {
				t.Fatalf("it leaves %q", lines(items))
			}
			seen[lines(items)] = true
		}
		if len(seen) != 3 || !seen["for buy : list plain"] {
			t.Errorf("it doubts %v", seen)
		}
	})
}

func TestNoiseComesAtItsRateAndNeverMoreThanThreeItems(t *testing.T) {
	d, strange := &dice{key: 5}, 0
	for range 4000 {
		tr := visited3(true, none3(), "search", "filter", "plain")
		items := tr.distil(0.3, 3, d)
		if len(items) > 3 {
			t.Fatalf("%d items", len(items))
		}
		for _, a := range items {
			if a.option != tr.chosen[a.stage] {
				strange++
			}
		}
	}
	// An advice at random contradicts in half of 0.3, and is then kept as three of four are.
	if got, want := float64(strange)/4000, 0.3*0.5*0.75; math.Abs(got-want) > 0.02 {
		t.Errorf("%.3f of the rollouts leave a wrong advice, want %.3f", got, want)
	}
}

func TestAContrastByHand(t *testing.T) {
	d := &dice{key: 7}
	all := []trace{
		visited3(true, none3(), "search", "filter", "plain"),
		visited3(true, none3(), "search", "filter", "size"), // the judge errs
		visited3(false, none3(), "search", "plain", "plain"),
		visited3(false, none3(), "menu", "plain", "size"),
	}
	// search 1 - 1/2, menu 0 - 1/2, filter 1 - 0, list plain 0 - 1, item plain 1/2 - 1/2, size 1/2 - 1/2
	if got := lines(contrast(all, 0, 5, d)); got != "for buy : list filter\nfor buy : enter search" {
		t.Errorf("the contrast leaves %q", got)
	}
	if got := lines(contrast(all, 0, 1, d)); got != "for buy : list filter" {
		t.Errorf("the best advice is %q", got)
	}
	if got := lines(contrast(all[:1], 0, 5, d)); got != "for buy : enter search\nfor buy : list filter\nfor buy : item plain" {
		t.Errorf("one winner alone leaves %q", got)
	}
	losers := []trace{visited3(false, []bool{false, true, false}, "search", "plain", "plain"), visited3(false, []bool{true, true, false}, "menu", "plain", "size")}
	// lacking: list filter twice of two, enter search once of two
	if got := lines(contrast(losers, 0, 5, d)); got != "for buy : list filter\nfor buy : enter search" {
		t.Errorf("losers alone leave %q", got)
	}
}

func TestAContrastFiltersTheNoiseThatSingleReadingsKeep(t *testing.T) {
	d, single, together := &dice{key: 9}, 0, 0
	for range 2000 {
		var all []trace
		for range 5 {
			all = append(all, visited3(true, none3(), "search", "filter", "plain"))
		}
		wrong := func(items []advice) (n int) {
			for _, a := range items {
				n += btoi(a.option != all[0].chosen[a.stage])
			}
			return n
		}
		single += wrong(all[0].distil(0.3, 3, d))
		together += wrong(contrast(all, 0.3, 5, d))
	}
	if together*20 > single {
		t.Errorf("%d wrong advices of contrasts, %d of single rollouts", together, single)
	}
}

func TestTheJudgeErrsAtItsRatesAndPicksTheFirstWinner(t *testing.T) {
	k := RunKnobs{FP: 0.15, FN: 0.1}
	flips := map[bool]int{}
	for i := range int64(20000) {
		truth := i%2 == 0
		if k.judged(truth, chance(11, i, 0)) != truth {
			flips[truth]++
		}
	}
	if fp, fn := float64(flips[false])/10000, float64(flips[true])/10000; math.Abs(fp-0.15) > 0.015 || math.Abs(fn-0.1) > 0.015 {
		t.Errorf("failures taken for successes %.3f, successes for failures %.3f", fp, fn)
	}
	for _, c := range []struct {
		judged []bool
		want   int
	}{{[]bool{false, true, true}, 1}, {[]bool{false, false}, 0}, {[]bool{true}, 0}} {
		if got := bestOf(c.judged); got != c.want {
			t.Errorf("of %v rollout %d is picked, want %d", c.judged, got, c.want)
		}
	}
}

// What the memory is offered hangs on the judge and never on the truth.
func TestNoGroundTruthTouchesTheBank(t *testing.T) {
	w, err := shop.New(shop.Knobs{Variant: shop.Quirks, Horizon: 15, Slack: 1, Notes: 1}, 4)
	if err != nil {
		t.Fatal(err)
	}
	goals, err := w.Goals(shop.Test, 30)
	if err != nil {
		t.Fatal(err)
	}
	ends := map[bool]int{}
	for i, g := range goals {
		e := w.Episode(g, uint64(i))
		for !e.Act(shop.Follow(e, w.Sited(world.Draw(2, uint64(i))).Right(g.Class))).Done {
		}
		ends[e.Info().Success]++
		for _, won := range []bool{false, true} {
			tr := traceOf(e, won)
			said := tr.left(Visits, nil)
			if strings.Contains(tr.script, "success") || strings.Contains(tr.script, "failed") || strings.HasSuffix(said, "success") != won {
				t.Errorf("the script of a visit judged %v is %q", won, said)
			}
		}
	}
	if ends[true] == 0 || ends[false] == 0 {
		t.Errorf("visits end %v", ends)
	}
}

func TestFormsOfWhatATaskLeaves(t *testing.T) {
	tr := visited3(true, none3(), "search", "filter", "plain")
	for form, want := range map[string]string{Visits: "buy red mug : search mug ; success", Workflow: "flow buy : search filter plain", Items: "for buy : list filter"} {
		if got := tr.left(form, []advice{{shop.Buy, 1, "filter"}}); got != want {
			t.Errorf("%s: %q, want %q", form, got, want)
		}
	}
	tr.won = false
	if got := tr.left(Workflow, nil); got != "" {
		t.Errorf("a loser leaves the workflow %q", got)
	}
	if got := fmt.Sprint(acted("list filter : click filter"), acted("click filter")); got != "click filter click filter" && got != "click filterclick filter" {
		t.Errorf("the actions are %q", got)
	}
}
