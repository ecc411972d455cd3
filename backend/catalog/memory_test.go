package catalog_test

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/catalog"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/record"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/schema"
)

// witness follows the banks of a run by its events alone and compares them with all that the run says of them: what every operation found
// there, the sizes that it reports, what readings used and what stood in the contexts of the policy.
type witness struct {
	banks                  map[string][]lab.Entry
	operations, reads, saw int
}

func (w *witness) operation(t *testing.T, m lab.Memory) {
	t.Helper()
	bank := w.banks[m.Bank]
	at := slices.IndexFunc(bank, func(e lab.Entry) bool { return e.ID == m.Entry })
	w.operations++
	switch {
	case m.Op == lab.OpRead:
		w.reads++
		w.reading(t, bank, m)
		return
	case m.Before == nil && at >= 0 || m.Before != nil && (at < 0 || !reflect.DeepEqual(bank[at], *m.Before)):
		t.Fatalf("bank %q, %s of entry %q: the event says that it was %+v, the bank holds %+v", m.Bank, m.Op, m.Entry, m.Before, bank)
	case m.Reason == "":
		t.Errorf("bank %q, %s of entry %q has no reason", m.Bank, m.Op, m.Entry)
	}
	switch {
	case m.After == nil:
		bank = slices.Delete(bank, at, at+1)
	case m.Before == nil:
		bank = append(bank, *m.After)
	default:
		bank[at] = *m.After
	}
	w.banks[m.Bank] = bank
	tokens := 0
	for _, e := range bank {
		tokens += e.Tokens
	}
	if len(bank) != m.Size || tokens != m.Tokens {
		t.Fatalf("bank %q after %s of entry %q: %d entries and %d tokens by the event, %d and %d by what happened", m.Bank, m.Op, m.Entry, m.Size, m.Tokens, len(bank), tokens)
	}
}

// reading checks that what was read is there, and that whatever has a score has the parts of it.
func (w *witness) reading(t *testing.T, bank []lab.Entry, m lab.Memory) {
	t.Helper()
	for i, h := range m.Hits {
		if !slices.ContainsFunc(bank, func(e lab.Entry) bool { return e.ID == h.Entry }) {
			t.Fatalf("bank %q: entry %q was read and is not there", m.Bank, h.Entry)
		}
		if h.Rank != i+1 || len(h.Parts) == 0 || !h.Used && h.Why == "" {
			t.Errorf("bank %q: candidate %d of a reading is %+v", m.Bank, i+1, h)
		}
	}
}

// context checks that the entries which a policy had before it stand in a bank, with the text that it saw.
func (w *witness) context(t *testing.T, c lab.Context) {
	t.Helper()
	for _, b := range c.Blocks {
		for _, id := range b.Entries {
			w.saw++
			if !w.holds(id, b.Text) {
				t.Errorf("episode %d, step %d: entry %q stands in block %q (%q) and in no bank with that text", c.Episode, c.T, id, b.Name, b.Text)
			}
		}
	}
}

func (w *witness) holds(id, text string) bool {
	for _, bank := range w.banks {
		for _, e := range bank {
			// A slot may be too small for a whole entry: its line is then the beginning of the text.
			if e.ID == id && (strings.Contains(text, e.Text) || slices.ContainsFunc(strings.Split(text, "\n"), func(line string) bool { return line != "" && strings.HasPrefix(e.Text, line) })) {
				return true
			}
		}
	}
	return false
}

// witnessed follows a whole record.
func witnessed(t *testing.T, dir string) *witness {
	t.Helper()
	w := &witness{banks: map[string][]lab.Entry{}}
	for frame, err := range record.Scan(filepath.Join(dir, run.RecordFile), record.Position{}) {
		if err != nil {
			t.Fatal(err)
		}
		ev, err := frame.Event()
		if err != nil {
			t.Fatal(err)
		}
		switch ev := ev.(type) {
		case lab.Memory:
			w.operation(t, ev)
		case lab.Context:
			w.context(t, ev)
		}
	}
	return w
}

// remembering are set-ups of the papers whose agents have a memory, so small that a run takes seconds.
func remembering(t testing.TB) map[string]lab.Setup {
	tiny := map[string]any{"width": 32, "layers": 1, "heads": 2, "inner": 48, "context": 256, "warm_steps": 60, "warm_batch": 8, "warm_rate": 0.01}
	pruning := maps.Clone(tiny)
	maps.Copy(pruning, map[string]any{"layers": 2, "inner": 64, "context": 128, "warm_steps": 300, "warm_batch": 16, "warm_most": 3, "tool": 1.0, "due": 1})
	longer := maps.Clone(tiny)
	longer["warm_steps"], longer["warm_batch"], longer["inner"] = 800, 16, 64
	return map[string]lab.Setup{
		"memrl": resolved(t, "memrl", map[string]map[string]any{"world": {"slack": 3}, "agent": tiny, "rl": {"epochs": 3, "tasks": 8, "held_out": 4, "batch": 3, "tests": 2}}),
		"slea-rl": resolved(t, "slea-rl", map[string]map[string]any{"world": {"families": "short", "receptacles": 2, "appliances": 2, "slack": 6}, "agent": longer,
			"memory": {"library_warmup": 0, "least": 0, "capacity": 6, "clusters": 12, "suits": 0, "reach": 0},
			"rl":     {"updates": 4, "questions": 3, "group": 4, "learning_rate": 0.003, "evaluations": 2, "eval_questions": 6, "test_questions": 8}}),
		"memory-r1": resolved(t, "memory-r1", map[string]map[string]any{"world": {"sessions": 2}, "agent": tiny, "rl": {"updates": 3, "answer_updates": 3, "questions": 6,
			"answer_questions": 8, "group": 4, "learning_rate": 0.003, "answer_rate": 0.003, "evaluations": 2, "eval_conversations": 3, "test_conversations": 4, "pool": 4}}),
		"memact": resolved(t, "memact", map[string]map[string]any{"world": {"most": 3, "leads": 0, "entities": 12, "relations": 2}, "agent": pruning, "memory": {"limit": 40},
			"rl": {"updates": 2, "questions": 2, "group": 4, "learning_rate": 0.003, "least": 2, "evaluations": 2, "eval_episodes": 4, "test_episodes": 2}}),
		"mem-alpha": resolved(t, "mem-alpha", map[string]map[string]any{"world": {"chunks": 3, "questions": 6}, "agent": tiny, "rl": {"updates": 3, "questions": 2, "group": 4,
			"learning_rate": 0.003, "shortest": 2, "evaluations": 2, "eval_instances": 3, "test_instances": 4, "long_instances": 2, "long": 4, "longest": 5}}),
	}
}

// resolved fills in every knob of a paper's first kinds at budget fast.
func resolved(t testing.TB, slug string, given map[string]map[string]any) lab.Setup {
	t.Helper()
	paper, err := catalog.Find(slug)
	if err != nil {
		t.Fatal(err)
	}
	setup := lab.Setup{Paper: slug, Budget: "fast", Sections: map[string]json.RawMessage{}}
	for _, s := range paper.Sections {
		raw, err := schema.Resolve(s, "", given[s.Name], "fast")
		if err != nil {
			t.Fatal(err)
		}
		setup.Sections[s.Name] = raw
	}
	return setup
}

func TestTheRecordOfEveryPaperRebuildsTheBanksThatItsPolicyRead(t *testing.T) {
	papertest.Whole(t)
	for name, setup := range remembering(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if _, err := run.Execute(t.Context(), with(setup, dir, "", 1)); err != nil {
				t.Fatal(err)
			}
			if w := witnessed(t, dir); w.operations < 10 || w.reads < 3 || w.saw < 3 {
				t.Errorf("only %d operations, %d readings and %d entries in contexts are in the record", w.operations, w.reads, w.saw)
			}
		})
	}
}
