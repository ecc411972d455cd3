package app

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world/maze"
)

func TestPeerResultIsRead(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "bench-peer.json"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := parsePeer(text)
	if err != nil {
		t.Fatal(err)
	}
	if r.Steps != 32768 || r.Threads != 2 || r.Torch == "" || r.Form != "packed" || len(r.Curve) != 5 || r.last() != r.Curve[4] || r.SGEMM <= 0 {
		t.Errorf("result is %+v", r)
	}
	if got, want := r.rate(), float64(r.Steps)/r.Seconds; got != want {
		t.Errorf("rate is %v, want %v", got, want)
	}
}

func TestWrongPeerResultsAreErrors(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":            "",
		"words":              "Traceback (most recent call last)",
		"no steps":           `{"seconds":1,"torch":"2","threads":2,"curve":[1],"sgemm_gflops":1}`,
		"no time":            `{"steps":1,"seconds":0,"torch":"2","threads":2,"curve":[1],"sgemm_gflops":1}`,
		"an empty curve":     `{"steps":1,"seconds":1,"torch":"2","threads":2,"curve":[],"sgemm_gflops":1}`,
		"no matrix product":  `{"steps":1,"seconds":1,"torch":"2","threads":2,"curve":[1]}`,
		"no name of version": `{"steps":1,"seconds":1,"threads":2,"curve":[1],"sgemm_gflops":1}`,
	} {
		t.Run(name, func(t *testing.T) {
			if r, err := parsePeer([]byte(text)); lab.CodeOf(err) != lab.Internal || err == nil {
				t.Errorf("%q reads as %+v, error %v", text, r, err)
			}
		})
	}
}

func FuzzParsePeer(f *testing.F) {
	text, err := os.ReadFile(filepath.Join("testdata", "bench-peer.json"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"steps":1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := parsePeer(text)
		if err == nil && (!(r.rate() > 0) || math.IsNaN(r.last())) {
			t.Errorf("%q was taken as %+v", text, r)
		}
	})
}

func TestLookingForThePeer(t *testing.T) {
	root := t.TempDir()
	if p, why := lookForPeer([]string{root}, "ppo_gru.py"); p != nil || !strings.Contains(why, "ppo_gru.py") {
		t.Errorf("an empty folder gives %+v, %q", p, why)
	}
	write := func(path ...string) string {
		name := filepath.Join(append([]string{root}, path...)...)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		return name
	}
	script := write("build", "bench", "ppo_gru.py")
	if p, why := lookForPeer([]string{t.TempDir(), root}, "ppo_gru.py"); p != nil || !strings.Contains(why, "no Python environment") {
		t.Errorf("a script without environment gives %+v, %q", p, why)
	}
	python := write("build", "cache", "bench-venv", "bin", "python")
	if p, why := lookForPeer([]string{t.TempDir(), root}, "ppo_gru.py"); p == nil || p.python != python || p.script != script {
		t.Errorf("peer is %+v, %q", p, why)
	}
}

func TestBothSidesGetTheSameKnobs(t *testing.T) {
	w, err := newPPOWork(8)
	if err != nil {
		t.Fatal(err)
	}
	text, err := w.peerKnobs()
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]float64
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{"width": 128, "corridors": 5, "length": 5, "envs": 64, "rollout": 128, "epochs": 4, "minibatches": 4,
		"learning_rate": w.rl.LearningRate, "gamma": w.rl.Gamma, "lambda": w.rl.Lambda, "clip": w.rl.Clip, "value_clip": w.rl.ValueClip,
		"entropy": w.rl.Entropy, "value": w.rl.Value, "max_grad_norm": w.rl.MaxGradNorm}
	if len(got) != len(want) {
		t.Errorf("knobs are %s, want %d of them", text, len(want))
	}
	for name, v := range want {
		if got[name] != v || v == 0 {
			t.Errorf("knob %s is %v, want %v and not 0", name, got[name], v)
		}
	}
}

// By hand: forward 2*128*(4+384+384+4) = 198,656 operations, once while acting and three times in each of four epochs.
func TestOperationsOfOneStepAreCounted(t *testing.T) {
	w, err := newPPOWork(1)
	if err != nil {
		t.Fatal(err)
	}
	if got := w.flopsPerStep(); got != 198656*13 {
		t.Errorf("operations of a step are %v, want %v", got, 198656*13)
	}
}

func TestTraceTellsEveryKindOfStep(t *testing.T) {
	k, err := benchMazeKnobs()
	if err != nil {
		t.Fatal(err)
	}
	text, err := traceOf(k, 200)
	if err != nil {
		t.Fatal(err)
	}
	var tr mazeTrace
	if err := json.Unmarshal(text, &tr); err != nil {
		t.Fatal(err)
	}
	if len(tr.Action) != 200 || len(tr.Cue) != 200 || len(tr.Cue0) != mazeBatch || tr.Corridors != 5 || tr.Length != 5 {
		t.Fatalf("trace has %d steps of %d environments", len(tr.Action), len(tr.Cue0))
	}
	seen := map[float32]int{}
	ends := map[string]int{}
	for s := range tr.Reward {
		for b, r := range tr.Reward[s] {
			seen[r]++
			if tr.Done[s][b] {
				ends[map[bool]string{true: "won", false: "lost or late"}[r == 1]]++
			}
		}
	}
	if seen[0] == 0 || seen[1] == 0 || seen[-1] == 0 || seen[-0.01] == 0 || len(seen) != 4 || ends["won"] == 0 || ends["lost or late"] == 0 {
		t.Errorf("rewards %v and ends %v do not show every rule", seen, ends)
	}
}

func TestObservationsAreWrittenAsPlaces(t *testing.T) {
	m, err := maze.NewEndless(maze.EndlessKnobs{Corridors: 2, Length: 3, Regime: maze.Fixed, Alphabet: 2}, 8)
	if err != nil {
		t.Fatal(err)
	}
	obs := make([]float32, 8*m.Spec().Obs)
	m.Reset(4, obs)
	for b, s := range symbolsOf(obs, m.Spec().Obs) {
		if want := 1 + cuesOf(m)[b]; s != want {
			t.Errorf("environment %d shows place %d, want that of its cue, %d", b, s, want)
		}
	}
}
