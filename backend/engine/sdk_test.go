package engine

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/trainer"
	"github.com/loci-lab/loci/backend/trainer/local"
)

// sdkPython is the environment variable that names a python with the official package; version 0.38.0 was tried.
const sdkPython = "LOCI_SDK_PYTHON"

var update = flag.Bool("update", false, "record the fixtures of the official client anew")

// runSDK runs a script of build/sdk against a server and returns the lines that it printed.
func runSDK[T any](t *testing.T, server http.Handler, script string, args ...string) []T {
	t.Helper()
	python := os.Getenv(sdkPython)
	if python == "" {
		t.Skipf("set %s to a python in which the package tinker is installed (0.38.0 was tried)", sdkPython)
	}
	h := httptest.NewServer(server)
	defer h.Close()
	cmd := exec.CommandContext(t.Context(), python, append([]string{filepath.Join("..", "..", "build", "sdk", script)}, args...)...)
	cmd.Env = append(os.Environ(), "TINKER_BASE_URL="+h.URL, "TINKER_API_KEY="+testKey, "HF_HUB_OFFLINE=1")
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var lines []T
	scan := bufio.NewScanner(out)
	scan.Buffer(nil, 16<<20)
	for scan.Scan() {
		var line T
		if err := json.Unmarshal(scan.Bytes(), &line); err != nil {
			t.Fatalf("%v: %s", err, scan.Bytes())
		}
		lines = append(lines, line)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return lines
}

type supervisedLine struct {
	Step     int
	Loss     float64
	Logprobs [][]float32
	Version  string
}

// wantNear compares numbers of the official client with those of the same loop in this process.
func wantNear(t *testing.T, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	for i := range want {
		if !near(float64(got[i]), float64(want[i]), 1e-4) {
			t.Fatalf("%s: number %d is %v over the protocol and %v in process", what, i, got[i], want[i])
		}
	}
}

// inHere makes the trainer of the scripts' model in this process.
func inHere(t *testing.T, o local.Options) trainer.Trainer {
	t.Helper()
	x, err := newShelf(t).Tiny().Train(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func stepHere(t *testing.T, x trainer.Trainer, data []rl.Datum, loss string, rate float64) trainer.Output {
	t.Helper()
	out, err := x.ForwardBackward(t.Context(), data, rl.Loss{Name: loss}).Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.OptimStep(t.Context(), trainer.NewAdam(rate)).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTheOfficialClientTrainsSupervised(t *testing.T) {
	for _, rank := range []int{0, 8} {
		const steps = 12
		lines := runSDK[supervisedLine](t, newKit(t).server, "supervised.py", strconv.Itoa(steps), strconv.Itoa(rank))
		first, last, after := lines[0], lines[steps-1], lines[steps]
		t.Logf("version %s, rank %d: loss %.4f, after %d steps %.4f, loaded again %.4f", after.Version, rank, first.Loss, steps-1, last.Loss, after.Loss)
		if rank == 0 && (last.Loss > first.Loss/2 || after.Loss > last.Loss) {
			t.Errorf("loss %v, at the last step %v, loaded again %v: want below half", first.Loss, last.Loss, after.Loss)
		}
		x := inHere(t, local.Options{Rank: rank, Seed: 3})
		for _, line := range lines[:steps] {
			out := stepHere(t, x, supervisedRows(), rl.CrossEntropy, 1e-2)
			if want := out.Metrics[trainer.LossSum]; !near(line.Loss, want, 1e-4) {
				t.Errorf("rank %d, step %d: loss %v over the protocol and %v in process", rank, line.Step, line.Loss, want)
			}
			for i, row := range out.Rows {
				wantNear(t, fmt.Sprintf("rank %d, step %d, row %d", rank, line.Step, i), line.Logprobs[i], row.Logprobs)
			}
		}
	}
}

// supervisedRows are the rows of supervised.py.
func supervisedRows() (data []rl.Datum) {
	texts := []string{"the cat sat on the mat", "a dog ran in the park", "the sun is up"}
	for _, text := range texts {
		ids := make([]int32, len(text))
		for i := range text {
			ids[i] = int32(text[i])
		}
		n := len(ids) - 1
		data = append(data, rl.Datum{Input: ids[:n], Targets: ids[1:], Weights: slices.Repeat([]float32{float32(1 / float64(n*len(texts)))}, n)})
	}
	return data
}

type rlLine struct {
	Step             int
	Reward, Loss     float64
	Tokens           [][]int32
	Sampled, Trained [][]float32
}

func TestTheOfficialClientTrainsByReward(t *testing.T) {
	const group = 16
	lines := runSDK[rlLine](t, newKit(t).server, "rl.py", "12", strconv.Itoa(group))
	first, last := lines[0], lines[len(lines)-1]
	t.Logf("reward %.4f to %.4f", first.Reward, last.Reward)
	if last.Reward < first.Reward+0.2 {
		t.Errorf("reward %v, at the last step %v: want 0.2 more", first.Reward, last.Reward)
	}
	x := inHere(t, local.Options{})
	for _, line := range lines {
		data := rlRows(t, x, line, group)
		out := stepHere(t, x, data, rl.ImportanceSampling, 2e-2)
		if want := out.Metrics[trainer.LossSum]; !near(line.Loss, want, 1e-4) {
			t.Errorf("step %d: loss %v over the protocol and %v in process", line.Step, line.Loss, want)
		}
		for i, row := range out.Rows {
			wantNear(t, fmt.Sprintf("step %d, row %d", line.Step, i), line.Trained[i], row.Logprobs[3:])
		}
	}
}

// rlRows samples as rl.py does, compares, and makes its rows.
func rlRows(t *testing.T, x trainer.Trainer, line rlLine, group int) (data []rl.Datum) {
	t.Helper()
	sampler, err := x.Sampler(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for p, prompt := range [][]int32{{'o', 'n', 'e', ' '}, {'t', 'w', 'o', ' '}} {
		r := llm.Request{Prompt: prompt, N: group, Sampling: llm.Sampling{MaxTokens: 8, Temperature: 1, TopP: 1, Seed: uint64(1000*line.Step + 100*p)}}
		replies, err := sampler.Sample(t.Context(), []llm.Request{r})
		if err != nil {
			t.Fatal(err)
		}
		rewards, mean := make([]float64, group), 0.0
		for i, s := range replies[0].Sequences {
			if got := line.Tokens[p*group+i]; !slices.Equal(got, s.Tokens) {
				t.Fatalf("step %d: sampled %v over the protocol and %v in process", line.Step, got, s.Tokens)
			}
			wantNear(t, fmt.Sprintf("step %d, sample %d", line.Step, p*group+i), line.Sampled[p*group+i], s.Logprobs)
			for _, id := range s.Tokens {
				if id == 'e' {
					rewards[i] += 1 / float64(len(s.Tokens))
				}
			}
			mean += rewards[i] / float64(group)
		}
		for i, s := range replies[0].Sequences {
			whole := slices.Concat(prompt, s.Tokens)
			blank := make([]float32, len(prompt)-1)
			data = append(data, rl.Datum{
				Input: whole[:len(whole)-1], Targets: whole[1:], Logprobs: slices.Concat(blank, s.Logprobs),
				Advantages: slices.Concat(blank, slices.Repeat([]float32{float32(rewards[i] - mean)}, len(s.Tokens))),
			})
		}
	}
	return data
}

func TestTheOfficialClientReadsEveryListing(t *testing.T) {
	lines := runSDK[map[string]any](t, newKit(t).server, "rest.py")
	got := lines[0]
	t.Log(got)
	chunks := got["chunks"].([]any)
	if chunks[0] != 2500.0 || !near(chunks[1].(float64), 2500*chunks[2].(float64), 1e-4) {
		t.Errorf("2500 rows in chunks gave %v", chunks)
	}
	for name, want := range map[string]string{
		"capable": "[test/tiny loci/tiny]", "weights": "[loci/tiny true 4]", "run": "[true map[a:b]]", "listed": "[sampler_weights/named weights/kept]",
		"of_run": "[sampler_weights/named weights/kept]", "left": "[sampler_weights/named]", "sampler": "[loci/tiny 2 length]", "session": "true",
		"failed": "RequestFailedError", "refused": "NotFoundError",
	} {
		if s := fmt.Sprint(got[name]); s != want {
			t.Errorf("%s is %s, want %s", name, s, want)
		}
	}
	if scored := got["scored"].([]any); scored[0] != nil || scored[1] != nil || scored[2].(float64) > 1 {
		t.Errorf("log-probabilities of the prompt: %v", scored)
	}
}
