package catalog_test

import (
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/catalog"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/record"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/schema"
)

// thinking is a set-up of a paper that trains a language model, so small that a run takes a second.
func thinking(t testing.TB, slug string, world, rl map[string]any) lab.Setup {
	t.Helper()
	paper, err := catalog.Find(slug)
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]map[string]any{"world": world, "rl": rl,
		"agent": {"width": 32, "layers": 1, "heads": 2, "inner": 48, "context": 256, "warm_steps": 30, "warm_batch": 8, "warm_rate": 0.01}}
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

func languageSetups(t testing.TB) map[string]lab.Setup {
	tests := map[string]any{"updates": 5, "questions": 2, "group": 4, "evaluations": 2, "eval_questions": 6, "test_questions": 8}
	with := func(more map[string]any) map[string]any {
		for k, v := range tests {
			more[k] = v
		}
		return more
	}
	small := map[string]any{"shortest": 2, "longest": 4}
	return map[string]lab.Setup{
		"thinking in chunks":  thinking(t, "delethink", small, with(map[string]any{"chunk": 12, "carry": 6, "chunks": 4, "fold": 2, "long_ops": 6})),
		"thinking at length":  thinking(t, "delethink", small, with(map[string]any{"chunk": 30, "carry": 0, "chunks": 1, "long_ops": 6})),
		"supervised control":  thinking(t, "delethink", small, with(map[string]any{"more_supervised": true, "long_ops": 6})),
		"rewards by memory":   thinking(t, "memory-r-plus", map[string]any{"steps": "2"}, with(map[string]any{"warmup": 1, "each": 3, "stored": 4})),
		"a hidden state kept": thinking(t, "memory-r-plus", map[string]any{"steps": "2"}, with(map[string]any{"warmup": 0, "encoder": "hidden", "score_before_write": true})),
	}
}

// with runs a set-up in a folder of its own, with a cache of warm starts or none.
func with(setup lab.Setup, dir, cache string, threads int) run.Config {
	cfg := config(setup, dir, threads)
	cfg.New = func() (lab.Method, error) {
		paper, err := catalog.Find(setup.Paper)
		if err != nil {
			return nil, err
		}
		return paper.New(setup, 1, lab.Bench{Threads: threads, Cache: cache, Code: paper.Code()})
	}
	return cfg
}

func TestRunsOfLanguageModelsAreEqualOverThreadsCachesAndStops(t *testing.T) {
	for name, setup := range languageSetups(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			finish := func(cache string, threads int) string {
				dir := t.TempDir()
				if _, err := run.Execute(t.Context(), with(setup, dir, cache, threads)); err != nil {
					t.Fatal(err)
				}
				return filepath.Join(dir, run.RecordFile)
			}
			cache := t.TempDir()
			want := finish(cache, 1)
			wantEqual(t, want, finish(cache, 2)) // the warm start is there by now
			wantEqual(t, want, finish("", 2))    // and is made anew
			dir := t.TempDir()
			for stop := 0; ; stop++ {
				ctx := &countdown{Context: t.Context(), left: 60 * (stop + 1)}
				_, err := run.Execute(ctx, with(setup, dir, cache, 1))
				if err == nil {
					break
				}
				if lab.CodeOf(err) != lab.Cancelled && ctx.Err() == nil {
					t.Fatal(err)
				}
				if stop > 200 {
					t.Fatal("the run gets nowhere")
				}
			}
			wantEqual(t, want, filepath.Join(dir, run.RecordFile))
		})
	}
}

// The record keeps the very token ids that the model had before it and the log-probabilities of what it wrote: reading the same ids with
// the same weights gives the same numbers.
func TestRecordedTokensGiveTheRecordedLogProbabilitiesAgain(t *testing.T) {
	papertest.Whole(t)
	chunks := thinking(t, "delethink", map[string]any{"shortest": 2, "longest": 4},
		map[string]any{"updates": 0, "chunk": 12, "carry": 6, "chunks": 4, "eval_questions": 4, "test_questions": 4})
	setups := map[string]lab.Setup{"thinking in chunks": chunks, "a reader of memories": remembering(t)["memrl"], "hints at every step": untrained(t, remembering(t)["slea-rl"]),
		"a writer of stores": untrained(t, remembering(t)["mem-alpha"]), "an edited context": untrained(t, remembering(t)["memact"])}
	for name, setup := range setups {
		t.Run(name, func(t *testing.T) { t.Parallel(); replayed(t, setup) })
	}
}

// untrained is the set-up without updates: the warm start wrote what is in its record.
func untrained(t testing.TB, setup lab.Setup) lab.Setup {
	t.Helper()
	var rl map[string]any
	if err := json.Unmarshal(setup.Sections["rl"], &rl); err != nil {
		t.Fatal(err)
	}
	kind := fmt.Sprint(rl["kind"])
	delete(rl, "kind")
	rl["updates"] = 0
	paper, err := catalog.Find(setup.Paper)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(paper.Sections, func(s schema.Section) bool { return s.Name == "rl" })
	if setup.Sections["rl"], err = schema.Resolve(paper.Sections[i], kind, rl, setup.Budget); err != nil {
		t.Fatal(err)
	}
	return setup
}

// replayed runs a set-up whose model stays as it was warmed up, and reads all that its record keeps again.
func replayed(t *testing.T, setup lab.Setup) {
	dir, cache := t.TempDir(), t.TempDir()
	if _, err := run.Execute(t.Context(), with(setup, dir, cache, 1)); err != nil {
		t.Fatal(err)
	}
	paper, err := catalog.Find(setup.Paper)
	if err != nil {
		t.Fatal(err)
	}
	maker, err := paper.Base(setup, lab.Bench{Threads: 1, Cache: cache, Code: paper.Code()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = maker.Close() }()
	if err := maker.To(t.Context(), maker.Steps()); err != nil {
		t.Fatal(err)
	}
	again := 0
	var read []int32
	for frame, err := range record.Scan(filepath.Join(dir, run.RecordFile), record.Position{}) {
		if err != nil {
			t.Fatal(err)
		}
		ev, err := frame.Event()
		if err != nil {
			t.Fatal(err)
		}
		switch ev := ev.(type) {
		case lab.Context:
			read = nil
			for _, b := range ev.Blocks {
				read = append(read, b.Tokens...)
			}
		case lab.Step:
			if read == nil {
				continue // no model wrote this
			}
			wrote, err := maker.Words().Encode(ev.Action)
			if err != nil || len(wrote) != len(ev.State) {
				t.Fatalf("%q is %d tokens with %d log-probabilities, %v", ev.Action, len(wrote), len(ev.State), err)
			}
			for i, now := range replay(t, maker.Model(), read, wrote) {
				if math.Abs(float64(now)-float64(ev.State[i])) > 1e-5 {
					t.Errorf("token %d of %q: recorded %v, again %v", i, ev.Action, ev.State[i], now)
				}
				again++
			}
			read = nil
		}
	}
	if again < 8 {
		t.Errorf("only %d tokens were in the record", again)
	}
}

// replay reads tokens in one pass and returns the log-probabilities of the written ones.
func replay(t *testing.T, m *nn.Decoder, read, wrote []int32) []float32 {
	t.Helper()
	kernels, err := num.Family("")
	if err != nil {
		t.Fatal(err)
	}
	core := num.NewCore(kernels, 1)
	defer core.Close()
	row := nn.Row{Tokens: append(slices.Clone(read), wrote[:len(wrote)-1]...)}
	for i, id := range wrote {
		row.Reads = append(row.Reads, nn.Read{At: len(read) - 1 + i, Target: id})
	}
	packs, _ := nn.PackRows([]nn.Row{row}, 0)
	return slices.Clone(m.Logprobs(num.NewTape(core), packs[0]).Data)
}
