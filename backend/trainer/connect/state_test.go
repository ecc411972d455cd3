package connect

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/trainer"
	"github.com/loci-lab/loci/backend/trainer/local"
)

func open(t *testing.T, rung string, bench lab.Bench) *Model {
	t.Helper()
	s, source := spec(t)
	m, err := New(core(t), rung, bench, s, source, local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

func advance(t *testing.T, m *Model, part, of int) {
	t.Helper()
	if err := m.Advance(t.Context(), part, of); err != nil {
		t.Fatal(err)
	}
}

func snapshot(t *testing.T, m *Model) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := m.Snapshot(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// learn does one step.
func learn(t *testing.T, m *Model) {
	t.Helper()
	data := []rl.Datum{rl.Supervised([]int32{3}, []int32{4, 4, 0})}
	if _, err := m.Train.ForwardBackward(t.Context(), data, rl.Loss{Name: rl.CrossEntropy}).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Train.OptimStep(t.Context(), trainer.NewAdam(0.01)).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestAStateBeforeTheTrainerDoesNotDependOnTheCache(t *testing.T) {
	home := t.TempDir()
	advance(t, open(t, Tiny, lab.Bench{Cache: home}), 1, 1)
	cold, warm, none := open(t, "", lab.Bench{Cache: t.TempDir()}), open(t, "", lab.Bench{Cache: home}), open(t, "", lab.Bench{})
	for part := range 4 {
		states := [][]byte{snapshot(t, cold), snapshot(t, warm), snapshot(t, none)}
		if !bytes.Equal(states[0], states[1]) || !bytes.Equal(states[0], states[2]) {
			t.Errorf("behind part %d of 4 the states are %q", part, states)
		}
		for _, m := range []*Model{cold, warm, none} {
			if m.Train != nil {
				t.Fatalf("behind part %d of 4 there is a trainer", part)
			}
			advance(t, m, part+1, 4)
		}
	}
	if a, b := snapshot(t, cold), snapshot(t, warm); !bytes.Equal(a, b) || !bytes.Equal(a, snapshot(t, none)) || len(a) < 1000 {
		t.Errorf("behind the warm start the states have %d and %d bytes, and differ", len(a), len(b))
	}
}

func TestARestoredModelGoesOnWithTheSameBits(t *testing.T) {
	home := t.TempDir()
	m := open(t, Tiny, lab.Bench{Cache: home})
	before := snapshot(t, m)
	advance(t, m, 1, 1)
	learn(t, m)
	state := snapshot(t, m)
	learn(t, m)
	want := snapshot(t, m)
	if bytes.Equal(state, want) {
		t.Fatal("a step moves nothing")
	}
	for name, cache := range map[string]string{"the base is kept": home, "the base was lost": t.TempDir(), "nothing is kept": ""} {
		again := open(t, Tiny, lab.Bench{Cache: cache})
		if err := again.Restore(bytes.NewReader(before)); err != nil || again.Train != nil {
			t.Fatalf("%s: a state from before the trainer gives %v, %v", name, again.Train, err)
		}
		if err := again.Restore(bytes.NewReader(state)); err != nil {
			t.Fatal(err)
		}
		learn(t, again)
		if got := snapshot(t, again); !bytes.Equal(got, want) {
			t.Errorf("%s: the restored model goes elsewhere", name)
		}
		if err := again.Restore(bytes.NewReader(state)); err != nil { // over a trainer that is there
			t.Fatal(err)
		}
		if got := snapshot(t, again); !bytes.Equal(got, state) {
			t.Errorf("%s: the second time another state is restored", name)
		}
	}
}

func TestAStateThatWasDamagedIsRefused(t *testing.T) {
	m := open(t, Tiny, lab.Bench{})
	advance(t, m, 1, 1)
	state := snapshot(t, m)
	for _, n := range []int{0, 3, len(state) / 2, len(state) - 1} {
		if err := open(t, Tiny, lab.Bench{}).Restore(bytes.NewReader(state[:n])); err == nil {
			t.Errorf("%d of %d bytes are taken", n, len(state))
		}
	}
}

func TestTheTrainerIsMadeOnceAndLeavesTheBaseAsItIs(t *testing.T) {
	m := open(t, Tiny, lab.Bench{})
	advance(t, m, 3, 3)
	first, base := m.Train, slices.Clone(m.Warm.Model().Weights()[0].Data)
	advance(t, m, 3, 3)
	if m.Train != first {
		t.Error("a second trainer was made")
	}
	learn(t, m)
	if !slices.Equal(base, m.Warm.Model().Weights()[0].Data) {
		t.Error("training moved the base")
	}
	if m.Tokenizer().Size() != m.Warm.Spec.Shape.Vocab {
		t.Error("the tokenizer is another")
	}
}

// reach is a bench with one service.
func reach(s lab.Service, err error) lab.Bench {
	return lab.Bench{Service: func(string) (lab.Service, error) { return s, err }}
}

func TestAServiceThatFailsIsSaidAndTheModelCanBeClosed(t *testing.T) {
	none := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(none.Close)
	refusal := lab.Errorf(lab.NotFound, "no target %q", "lab").WithHint("add it")
	for _, c := range []struct {
		name  string
		bench lab.Bench
		code  lab.Code
		words string
	}{
		{"no services are set up", lab.Bench{}, lab.Invalid, `"lab"`},
		{"an unknown name", reach(lab.Service{}, refusal), lab.NotFound, `"lab"`},
		{"an address that is none", reach(lab.Service{URL: "ftp://x"}, nil), lab.Invalid, "http://HOST:PORT"},
		{"a profile that is none", reach(lab.Service{URL: none.URL, Profile: "fast"}, nil), lab.Invalid, `"fast"`},
		{"a server of something else", reach(lab.Service{URL: none.URL}, nil), lab.NotFound, strings.TrimPrefix(none.URL, "http://")},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := open(t, "service lab", c.bench)
			before := snapshot(t, m)
			err := m.Advance(t.Context(), 1, 1)
			if lab.CodeOf(err) != c.code || lab.HintOf(err) == "" || !strings.Contains(err.Error(), c.words) {
				t.Errorf("code %q, %v, hint %q", lab.CodeOf(err), err, lab.HintOf(err))
			}
			if m.Train != nil || !bytes.Equal(snapshot(t, m), before) {
				t.Error("a trainer is there")
			}
			if err := m.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestModelsThatFitNoTokenizerAreRefusedAtOnce(t *testing.T) {
	s, source := spec(t)
	s.Shape.Vocab++
	if _, err := New(core(t), Tiny, lab.Bench{}, s, source, local.Options{}); err == nil {
		t.Error("taken")
	}
	s, source = spec(t)
	m, err := New(core(t), Tiny, lab.Bench{}, s, source, local.Options{Rank: -1})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Advance(t.Context(), 1, 1); lab.CodeOf(err) != lab.Invalid || m.Train != nil {
		t.Errorf("a rank of -1 gives %v, %v", m.Train, err)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}
