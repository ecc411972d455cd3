package mem

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
)

// SummaryKnobs are those of the running summary.
type SummaryKnobs struct {
	Tokens  int `json:"tokens" doc:"most tokens of the summary; what was touched longest ago goes first; 0 for no limit" default:"128" min:"0" max:"1000000" unit:"tokens" main:"true" group:"budget" pitfall:"below what the world has to tell, what is rare and vital goes first"`
	Entries int `json:"entries" doc:"most lines of the summary" default:"2000" min:"1" max:"1000000" unit:"entries" group:"budget"`
	KeyKnobs
}

// numLines is how many lines an entry of a summary stands for.
const numLines = "lines"

// summary keeps the newest line of each key and counts those that it replaced. It is read whole.
type summary struct {
	lines *Keyed
	knobs SummaryKnobs
}

func openSummary(knobs any, env Env) (Memory, error) {
	return &summary{NewKeyed(NewBank("summary", env.Log, env.Count)), *knobs.(*SummaryKnobs)}, nil
}

// Write takes the lines of an experience into the summary.
func (m *summary) Write(_ context.Context, e lab.Experience) error {
	for _, line := range lines(e.Text) {
		key, lines := m.knobs.keyed(e, line), 0.0
		_, err := m.lines.Set(key, func(entry *lab.Entry) {
			lines = Number(entry, numLines) + 1
			fresh := drawn(e)
			entry.Type, entry.Text, entry.Sources = fresh.Type, line, fresh.Sources
			SetNumber(entry, NumMade, float64(e.When))
			SetNumber(entry, numLines, lines)
		}, fmt.Sprintf("the newest line about %q", plain(key)))
		if err != nil {
			return err
		}
	}
	return m.shorten()
}

// shorten lets the lines go that were touched longest ago.
func (m *summary) shorten() error {
	budget := Budget{m.knobs.Entries, m.knobs.Tokens}
	over, ok := budget.holds(m.lines.Bank)
	if ok {
		return nil
	}
	for _, e := range m.byTime() {
		if err := m.lines.Delete(e.ID, "the summary is over its budget: "+over); err != nil {
			return err
		}
		if over, ok = budget.holds(m.lines.Bank); ok {
			return nil
		}
	}
	return nil
}

// byTime lists the lines, the one touched longest ago first.
func (m *summary) byTime() []*lab.Entry {
	all := m.lines.All()
	slices.SortStableFunc(all, func(a, b *lab.Entry) int { return cmp.Compare(Number(a, NumMade), Number(b, NumMade)) })
	return all
}

// Read returns the whole summary, what was touched last at the end.
func (m *summary) Read(_ context.Context, q Query) (Reading, error) {
	return whole(m.lines.Bank, q, q.limit(0), backwards(m.byTime()), "the whole summary, what was touched last first")
}

func (m *summary) Manage(context.Context, Outcome) error { return nil }
func (m *summary) Banks() []*Bank                        { return []*Bank{m.lines.Bank} }
func (m *summary) Snapshot(w io.Writer) error            { return m.lines.Snapshot(w) }
func (m *summary) Restore(r io.Reader) error             { return m.lines.Restore(r) }
