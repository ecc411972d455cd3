package mem1

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
)

func TestZZ(t *testing.T) {
	var g struct {
		World, Agent, RL papertest.Given
		Seed             uint64
	}
	if err := json.Unmarshal([]byte(os.Getenv("ZZ")), &g); err != nil {
		t.Skip()
	}
	if g.World == nil {
		g.World = papertest.Given{}
	}
	if g.Agent == nil {
		g.Agent = papertest.Given{}
	}
	if g.RL == nil {
		g.RL = papertest.Given{}
	}
	s := papertest.Setup(t, Slug, "laptop", Sections(), g.World, g.Agent, g.RL)
	m := papertest.Begin[*method](t, s, g.Seed, lab.Bench{Cache: os.Getenv("ZZC"), Threads: 1, Code: "x"}, New)
	t0 := time.Now()
	rec := &papertest.Record{}
	seen := 0
	for rec.Advance(t, m) {
		for ; seen < len(rec.Events); seen++ {
			if v, ok := rec.Events[seen].(lab.Metric); ok {
				fmt.Fprintf(os.Stderr, "%5.1fs %s[%d]=%.4f\n", time.Since(t0).Seconds(), v.Name, v.X, float64(v.Value))
			}
		}
	}
	for ; seen < len(rec.Events); seen++ {
		switch v := rec.Events[seen].(type) {
		case lab.Metric:
			fmt.Fprintf(os.Stderr, "%5.1fs %s[%d]=%.4f\n", time.Since(t0).Seconds(), v.Name, v.X, float64(v.Value))
		case lab.Step:
			fmt.Fprintf(os.Stderr, "   saw %s | %s\n", v.Saw, v.Action)
		}
	}
}
