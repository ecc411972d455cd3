package catalog_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/loci-lab/loci/backend/catalog"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/paper/memoryrewriting"
	"github.com/loci-lab/loci/backend/record"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/schema"
)

// tiny is the paper's set-up at a size of some thousand steps.
func tiny(t testing.TB, agent string, knobs map[string]any) lab.Setup {
	t.Helper()
	paper, err := catalog.Find(memoryrewriting.Slug)
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]map[string]any{
		"agent": knobs,
		"rl":    {"envs": 8, "rollout": 16, "steps": 1280, "evaluations": 2, "eval_episodes": 64, "test_episodes": 64, "minibatches": 2, "epochs": 2},
		"world": {"corridors": 2, "length": 2},
	}
	kinds := map[string]string{"agent": agent, "rl": "ppo", "world": "endless-t-maze"}
	setup := lab.Setup{Paper: memoryrewriting.Slug, Budget: "fast", Sections: map[string]json.RawMessage{}}
	for _, s := range paper.Sections {
		raw, err := schema.Resolve(s, kinds[s.Name], given[s.Name], "fast")
		if err != nil {
			t.Fatal(err)
		}
		setup.Sections[s.Name] = raw
	}
	return setup
}

func config(setup lab.Setup, dir string, threads int) run.Config {
	return run.Config{
		Start: lab.Start{Key: "key", Setup: setup, Arm: "arm", Seed: 1},
		Dir:   dir,
		New: func() (lab.Method, error) {
			return memoryrewriting.New(setup, 1, lab.Bench{Threads: threads})
		},
	}
}

func execute(t *testing.T, setup lab.Setup, threads int) string {
	t.Helper()
	dir := t.TempDir()
	if end, err := run.Execute(t.Context(), config(setup, dir, threads)); err != nil || end.Final[memoryrewriting.MetricParameters] == 0 && setup.Kind("agent") != memoryrewriting.Reference {
		t.Fatalf("%+v, %v", end, err)
	}
	return filepath.Join(dir, run.RecordFile)
}

func wantEqual(t *testing.T, a, b string) {
	t.Helper()
	if diff, err := record.Equal(a, b); diff != nil || err != nil {
		t.Errorf("records differ: %v, %v", diff, err)
	}
}

func TestOneTwoAndFourThreadsGiveEqualRecordsForEveryAgent(t *testing.T) {
	small := map[string]any{"width": 24}
	for _, c := range []struct {
		kind  string
		knobs map[string]any
	}{
		{memoryrewriting.MLP, small}, {memoryrewriting.RNN, small}, {memoryrewriting.GRU, small}, {memoryrewriting.LSTM, small},
		{memoryrewriting.LSTM, map[string]any{"width": 24, "forget": "keep"}},
		{memoryrewriting.FFM, map[string]any{"width": 24, "memory": 8, "context": 2}},
		{memoryrewriting.Transformer, map[string]any{"width": 24, "window": 8}},
		{memoryrewriting.Reference, map[string]any{"policy": "oracle"}},
		{memoryrewriting.Reference, map[string]any{"policy": "random"}},
	} {
		t.Run(fmt.Sprint(c.kind, " ", c.knobs), func(t *testing.T) {
			t.Parallel()
			setup := tiny(t, c.kind, c.knobs)
			one := execute(t, setup, 1)
			wantEqual(t, one, execute(t, setup, 2))
			wantEqual(t, one, execute(t, setup, 4))
		})
	}
}

// The kill test starts this binary again as a child that executes one run and halts after some events, so that it can be killed there.
const childEnv = "LOCI_CATALOG_CHILD"

// child is what the environment variable holds.
type child struct {
	Setup lab.Setup
	Dir   string
	Halt  int64 // number of the event behind which the child halts
}

func TestMain(m *testing.M) {
	if text := os.Getenv(childEnv); text != "" {
		os.Exit(play(text))
	}
	os.Exit(m.Run())
}

func play(text string) int {
	var c child
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		fmt.Println(err)
		return 1
	}
	cfg := config(c.Setup, c.Dir, 2)
	cfg.Tee = func(seq int64, _ lab.Event) {
		if seq == c.Halt { // in the middle of a unit, its events not on the disk yet
			fmt.Println("now")
			select {}
		}
	}
	_, err := run.Execute(context.Background(), cfg)
	fmt.Println(err)
	return 1
}

func TestARealRunThatIsKilledAndContinuedHasTheUndisturbedRecord(t *testing.T) {
	for kind, knobs := range map[string]map[string]any{
		memoryrewriting.LSTM:        {"width": 24},
		memoryrewriting.FFM:         {"width": 24, "memory": 8, "context": 2},
		memoryrewriting.Transformer: {"width": 24},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			setup := tiny(t, kind, knobs)
			want := execute(t, setup, 1)
			all := events(t, want)
			dir := t.TempDir()
			for kill := range int64(4) {
				text, err := json.Marshal(child{Setup: setup, Dir: dir, Halt: all*(2*kill+1)/8 + 5})
				if err != nil {
					t.Fatal(err)
				}
				killAfter(t, string(text))
			}
			if _, err := run.Execute(t.Context(), config(setup, dir, 4)); err != nil {
				t.Fatal(err)
			}
			wantEqual(t, want, filepath.Join(dir, run.RecordFile))
		})
	}
}

// events counts the events of a record.
func events(t *testing.T, path string) int64 {
	t.Helper()
	r, err := record.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	return r.Len()
}

// killAfter runs a child to its halt and kills it there.
func killAfter(t *testing.T, text string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+text)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, 4)
	if _, err := out.Read(said); err != nil || string(said) != "now\n" {
		t.Errorf("the child said %q: %v", said, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the child ended by itself")
	}
}

func TestARunThatIsStoppedInTheMiddleOfAUnitHasTheUndisturbedRecord(t *testing.T) {
	setup := tiny(t, memoryrewriting.GRU, map[string]any{"width": 24})
	want := execute(t, setup, 1)
	dir := t.TempDir()
	for stop := 0; ; stop++ {
		ctx := &countdown{Context: t.Context(), left: 40 * (stop + 1)}
		_, err := run.Execute(ctx, config(setup, dir, 1))
		if err == nil {
			break
		}
		if lab.CodeOf(err) != lab.Cancelled && ctx.Err() == nil {
			t.Fatal(err)
		}
		if stop > 100 {
			t.Fatal("the run gets nowhere")
		}
	}
	wantEqual(t, want, filepath.Join(dir, run.RecordFile))
}

// countdown is cancelled after it was asked so many times: in the middle of whatever asks.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}
