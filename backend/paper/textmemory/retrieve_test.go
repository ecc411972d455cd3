package textmemory

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/world/dataset"
)

// talks is a file of two conversations: in the first, questions about turns of which bm25 finds some at once.
const talks = `[
 {"sample_id": "one", "conversation": {"speaker_a": "Ada", "speaker_b": "Bo", "session_1_date_time": "1:56 pm on 8 May, 2031",
  "session_1": [
   {"speaker": "Ada", "dia_id": "D1:1", "text": "I planted tomatoes beside the shed."},
   {"speaker": "Bo", "dia_id": "D1:2", "text": "My canoe is green."},
   {"speaker": "Ada", "dia_id": "D1:3", "text": "Nothing happened today."}]},
  "qa": [
   {"question": "What did Ada plant, tomatoes?", "answer": "tomatoes", "evidence": ["D1:1"], "category": 4},
   {"question": "Which colour has the canoe, green?", "answer": "green", "evidence": ["D1:2", "D1:3"], "category": 1},
   {"question": "What is not said?", "answer": "x", "evidence": ["D7:7"], "category": 3}]},
 {"sample_id": "two", "conversation": {"speaker_a": "Cy", "speaker_b": "Di", "session_1_date_time": "1:56 pm on 9 May, 2031",
  "session_1": [{"speaker": "Cy", "dia_id": "D1:1", "text": "Pip barks."}]},
  "qa": [{"question": "Who barks?", "answer": "Pip", "evidence": ["D1:1"], "category": 4}]}
]`

// talking is a bench with a file of conversations of our own.
func talking(t *testing.T, text string) lab.Bench {
	t.Helper()
	path := filepath.Join(t.TempDir(), "talks.json")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return lab.Bench{Data: func(name string) (lab.DataFile, error) {
		if name != "talks" {
			return lab.DataFile{}, lab.Errorf(lab.NotFound, "data %q were not imported", name)
		}
		return lab.DataFile{Name: name, Layout: "locomo", Path: path, Hash: dataset.Hash([]byte(text))}, nil
	}}
}

func conversations() given { return given{"kind": "locomo", "data": "talks"} }

func TestRecallByHand(t *testing.T) {
	f := &finding{evidence: []string{"a", "b", "c", "d"}, ranks: []int{3, 0, 7, 20}}
	// within 1: none; within 5: the one at 3; within 10: those at 3 and 7; within 20: three of four. The first stands third.
	for k, want := range map[int]float64{1: 0, 5: 0.25, 10: 0.5, 20: 0.75} {
		if got := f.recall(k); got != want {
			t.Errorf("recall at %d is %v, want %v", k, got, want)
		}
	}
	if f.reciprocal() != 1.0/3 || (&finding{ranks: []int{0}}).reciprocal() != 0 {
		t.Error("the reciprocal rank is that of another")
	}
}

func TestTheFirstRankIsThatOfTheEntryPresentedLast(t *testing.T) {
	entries := bestFirst(mem.Reading{Entries: []lab.Entry{{ID: "worst"}, {ID: "best"}}})
	if entries[0].ID != "best" || entries[1].ID != "worst" {
		t.Errorf("the order is %v", entries)
	}
}

func TestRetrievalOfASmallFileByHand(t *testing.T) {
	r := finish(t, begin(t, setup(t, conversations(), given{"kind": Retrieval}, given{"kind": "bm25"}), 1, talking(t, talks)))
	// Three questions have evidence. Tomatoes: the turn stands first, 1 and 1. Canoe: of two turns the first stands first; the other is
	// the turn of Ada, which shares no word with the question: 1/2 and 1. Barks: 1 and 1. One question has no evidence.
	for name, want := range map[string]float64{"recall_1": 2.5 / 3, "recall_20": 2.5 / 3, "mrr": 1, "recall_1_single_hop": 1, "recall_1_multi_hop": 0.5,
		MetricUnanswerable: 1, MetricMemory: 1} {
		if got := r.Last(t, name); math.Abs(got-want) > 1e-12 {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	for _, name := range []string{MetricSuccess, MetricF1, "recall_1_open_domain"} {
		if got := r.Series(name); len(got) > 0 {
			t.Errorf("%s is %v, want none: nothing was answered", name, got)
		}
	}
}

func TestEveryConversationHasABankOfItsOwnThatItsEventsRebuild(t *testing.T) {
	m := begin(t, setup(t, conversations(), given{"kind": Retrieval, "kept": 2}, given{"kind": "embedding"}), 1, talking(t, talks))
	all, replay, told := &record{}, mem.Replay{}, 0
	for more := true; more; {
		more = all.Advance(t, m)
		for _, ev := range all.Events[told:] {
			if op, ok := ev.(lab.Memory); ok {
				if err := replay.Apply(op); err != nil {
					t.Fatal(err)
				}
			}
		}
		told = len(all.Events)
		b := m.memory.Banks()[0]
		if got := replay.Entries(b.Name); !reflect.DeepEqual(got, b.All()) || b.Len() == 0 {
			t.Fatalf("bank %q holds %v, its events make %v", b.Name, b.All(), got)
		}
	}
	if names := replay.Names(); len(names) != 2 {
		t.Errorf("the banks are %q, want one for each conversation", names)
	}
}

func TestFeedbackTeachesValues(t *testing.T) {
	memory := given{"kind": "memrl", "delta": -1, "learn_at": "step", "pool": 20, "pool_of": "entries", "add_threshold": 1.01}
	for feedback, want := range map[bool]bool{true: true, false: false} {
		r := finish(t, begin(t, setup(t, conversations(), given{"kind": Retrieval, "feedback": feedback, "kept": 2}, memory), 1, talking(t, talks)))
		raised, lowered := false, false
		for _, ev := range r.Events {
			if op, ok := ev.(lab.Memory); ok && op.Op == lab.OpChange {
				raised = raised || op.After.Numbers["value"] > op.Before.Numbers["value"]
				lowered = lowered || op.After.Numbers["value"] < op.Before.Numbers["value"]
			}
		}
		if raised != want || lowered != want {
			t.Errorf("feedback %v: values rise %v and fall %v", feedback, raised, lowered)
		}
	}
}

func TestErrorsOfSetUpsSayWhatToDo(t *testing.T) {
	for _, c := range []struct {
		name          string
		world, agent  given
		bench         lab.Bench
		model, want   string
		code          lab.Code
		whenItAdvance bool
	}{
		{"retrieval without evidence", given{"kind": "word-problems"}, given{"kind": Retrieval}, lab.Bench{}, "tiny", "word-problems does not", lab.Invalid, true},
		{"data that were not imported", given{"kind": "locomo", "data": "mine"}, given{"kind": Reader}, talking(t, talks), "tiny", `"mine"`, lab.NotFound, true},
		{"no data at all", given{"kind": "locomo"}, given{"kind": Reader}, lab.Bench{}, "tiny", "are not here", lab.NotFound, true},
		{"data of another layout", given{"kind": "gsm8k", "data": "talks"}, given{"kind": Reader}, talking(t, talks), "tiny", `layout "locomo"`, lab.Invalid, true},
		{"a split without an episode", conversations(), given{"kind": Reader, "split": "train"}, talking(t, talks), "tiny", `split "train"`, lab.Invalid, true},
		{"an embedder of no endpoint", conversations(), given{"kind": Reader, "embedder": "endpoint"}, lab.Bench{}, "tiny", "agent.embedder", lab.Invalid, false},
		{"an endpoint that is not set up", given{"kind": "word-problems"}, given{"kind": Reader}, lab.Bench{}, "endpoint near", `"near"`, lab.Invalid, true},
	} {
		s := setup(t, c.world, c.agent, nil)
		s.Model = c.model
		m, err := New(s, 1, c.bench)
		if c.whenItAdvance {
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			_, err = m.Advance(t.Context(), &record{})
		}
		if lab.CodeOf(err) != c.code || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v (%s), want %q", c.name, err, lab.CodeOf(err), c.want)
		}
	}
}
