package memoryrewriting

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
)

type printer struct{ last map[string]lab.Float }

func (p printer) Emit(ev lab.Event) error {
	if m, ok := ev.(lab.Metric); ok {
		p.last[m.Name] = m.Value
		if m.Name == "success" || m.Name == "stale_error" {
			fmt.Printf("%8d %s %.3f\n", m.X, m.Name, m.Value)
		}
	}
	return nil
}

func TestTrial(t *testing.T) {
	if os.Getenv("TRIAL") == "" {
		t.Skip("TRIAL")
	}
	var given struct{ World, Agent, RL map[string]any }
	if err := json.Unmarshal([]byte(os.Getenv("TRIAL")), &given); err != nil {
		t.Fatal(err)
	}
	setup := lab.Setup{Paper: Slug, Budget: "laptop", Sections: map[string]json.RawMessage{}}
	for _, s := range Sections() {
		g := map[string]map[string]any{"world": given.World, "agent": given.Agent, "rl": given.RL}[s.Name]
		kind, _ := g["kind"].(string)
		delete(g, "kind")
		raw, err := schema.Resolve(s, kind, g, "laptop")
		if err != nil {
			t.Fatal(err)
		}
		setup.Sections[s.Name] = raw
	}
	m, err := New(setup, 0, lab.Bench{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	p := printer{map[string]lab.Float{}}
	for {
		pr, err := m.Advance(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		if pr.Done == pr.Total {
			break
		}
	}
	fmt.Println(time.Since(start), p.last)
}
