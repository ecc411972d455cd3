package catalog_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/loci-lab/loci/backend/catalog"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/pipe"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world/dataset"
)

// crossed are small files of our own for the worlds of real data, by layout.
func crossed(t *testing.T) func(name string) (lab.DataFile, error) {
	t.Helper()
	files := map[string]string{
		"locomo": `[{"sample_id": "one", "conversation": {"speaker_a": "Ada", "speaker_b": "Bo", "session_1_date_time": "1:56 pm on 8 May, 2031",
			"session_1": [{"speaker": "Ada", "dia_id": "D1:1", "text": "I planted tomatoes."}, {"speaker": "Bo", "dia_id": "D1:2", "text": "My canoe is green."}]},
			"qa": [{"question": "What did Ada plant?", "answer": "tomatoes", "evidence": ["D1:1"], "category": 4}]}]`,
		"gsm8k":     "{\"question\": \"Two and two?\", \"answer\": \"#### 4\"}\n{\"question\": \"Two and three?\", \"answer\": \"#### 5\"}\n",
		"questions": "{\"question\": \"Capital of France?\", \"answer\": \"Paris\"}\n",
	}
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return func(name string) (lab.DataFile, error) {
		layout := name
		if name == "questions" {
			layout = "jsonl"
		}
		return lab.DataFile{Name: name, Layout: layout, Path: filepath.Join(dir, name), Hash: dataset.Hash([]byte(files[name]))}, nil
	}
}

// Any memory of the catalog runs in any text world by changing memory: {kind}, and the banks that the policy read at the end are those
// that the record rebuilds.
func TestEveryMemoryRunsInEveryTextWorld(t *testing.T) {
	paper, err := catalog.Find("text-memory")
	if err != nil {
		t.Fatal(err)
	}
	data, pairs := crossed(t), 0
	for _, w := range paper.Sections[0].Kinds {
		for _, m := range paper.Sections[2].Kinds {
			if w.Name == pipe.Kind || m.Name == pipe.Kind {
				continue // programs of the user's: their own packages test them
			}
			pairs++
			t.Run(m.Name+" in "+w.Name, func(t *testing.T) { t.Parallel(); cross(t, paper, w.Name, m.Name, data) })
		}
	}
	if pairs < 11*7 {
		t.Errorf("%d pairs, want at least those of 11 memories and 7 worlds", pairs)
	}
}

// cross runs one memory in one world for three episodes.
func cross(t *testing.T, paper catalog.Paper, world, memory string, data func(string) (lab.DataFile, error)) {
	setup := lab.Setup{Paper: paper.Card.Slug, Budget: "fast", Model: "tiny", Sections: map[string]json.RawMessage{}}
	given := map[string]map[string]any{"agent": {"episodes": 3, "pool": 2, "kept": 3}, "world": {}}
	if world == "gsm8k" || world == "jsonl" {
		given["world"]["test_share"] = 1
	}
	for i, kind := range []string{world, "reader", memory} {
		s := paper.Sections[i]
		raw, err := schema.Resolve(s, kind, given[s.Name], "fast")
		if err != nil {
			t.Fatal(err)
		}
		setup.Sections[s.Name] = raw
	}
	cfg := config(setup, t.TempDir(), 1)
	cfg.New = func() (lab.Method, error) { return paper.New(setup, 1, lab.Bench{Threads: 1, Data: data}) }
	if _, err := run.Execute(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	var replay mem.Replay
	episodes := 0
	if err := run.Events(filepath.Join(cfg.Dir, run.RecordFile), func(ev lab.Event) (bool, error) {
		switch ev := ev.(type) {
		case lab.Memory:
			return true, replay.Apply(ev)
		case lab.Episode:
			episodes++
			size := 0
			if names := replay.Names(); len(names) > 0 {
				size = len(replay.Entries(names[len(names)-1])) // of the life that this episode belongs to
			}
			if int(ev.Memory) != size {
				t.Errorf("episode %d ends with %v entries, the record rebuilds %d", ev.ID, ev.Memory, size)
			}
		}
		return true, nil
	}); err != nil {
		t.Fatal(err)
	}
	if episodes != 3 || memory != "none" && memory != "reflexion" && replay.Done() == 0 {
		t.Errorf("%d episodes and %d operations are in the record", episodes, replay.Done())
	}
}
