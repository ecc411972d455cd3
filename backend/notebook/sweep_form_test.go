package notebook

import (
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

// gridCell is a sweep as a person writes it.
const gridCell = "name: s\n# the rate matters most\nover:\n  rl.rate: [0.001, 0.01]   # decades\n  agent.width: [8, 16, 32]\nseeds: 0-1\n"

// A form changes the kind of a sweep with all that the new kind needs, as one edit: in between the cell would be wrong.
func TestASweepBecomesAnotherKindAsOneEditThatKeepsTheRest(t *testing.T) {
	src := good + "\n```yaml sweep\n" + gridCell + "```\n"
	s := open(t, src)
	if _, _, err := Apply(s, field("sweep-s", "kind", `"halving"`)); lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), "samples") {
		t.Errorf("the kind alone: %v", err)
	}
	next := must(t, s, fields("sweep-s", "kind", `"halving"`, "metric", `"success"`, "samples", "9", "resource", `"rl.steps"`, "first", "1000", "last", "9000",
		"over/rl.rate", `{"from": 0.0001, "to": 0.1, "scale": "log"}`))
	want := "-  rl.rate: [0.001, 0.01]   # decades\n-  agent.width: [8, 16, 32]\n-seeds: 0-1\n" +
		"+  rl.rate: {from: 0.0001, scale: log, to: 0.1}   # decades\n+  agent.width: [8, 16, 32]\n+seeds: 0-1\n" +
		"+kind: halving\n+metric: success\n+samples: 9\n+resource: rl.steps\n+first: 1000\n+last: 9000"
	if got := diff(src, string(Print(next.Doc))); got != want {
		t.Errorf("changed\n%s\nwant\n%s", got, want)
	}
	if sw, err := next.Doc.Sweep("s"); err != nil || sw.Kind != HalvingSweep || len(sw.Points()) != 9 {
		t.Errorf("the sweep is %+v, %v", sw, err)
	}
	back := must(t, next, &Undo{Base{Revision: 1}})
	if string(Print(back.Doc)) != src {
		t.Error("one undo does not take it back")
	}
}
