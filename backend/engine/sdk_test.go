package engine

import (
	"bufio"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// sdkPython is the environment variable that names a python with the official package.
const sdkPython = "LOCI_SDK_PYTHON"

// runSDK runs a script of build/sdk against a server and returns the lines that it printed.
func runSDK[T any](t *testing.T, k *kit, script string, args ...string) []T {
	t.Helper()
	python := os.Getenv(sdkPython)
	if python == "" {
		t.Skipf("set %s to a python in which the package tinker is installed (0.38.0 was tried)", sdkPython)
	}
	h := httptest.NewServer(k.server)
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
	Logprobs [][]float64
	Version  string
}

func TestTheOfficialClientTrainsSupervised(t *testing.T) {
	lines := runSDK[supervisedLine](t, newKit(t), "supervised.py", "12")
	first, last, after := lines[0], lines[11], lines[12]
	t.Logf("version %s: loss %.4f, after 11 steps %.4f, loaded again %.4f", after.Version, first.Loss, last.Loss, after.Loss)
	if last.Loss > first.Loss/2 || after.Loss > last.Loss {
		t.Errorf("loss %v, at the last step %v, loaded again %v: want below half", first.Loss, last.Loss, after.Loss)
	}
}

type rlLine struct {
	Step             int
	Reward, Loss     float64
	Tokens           [][]int32
	Sampled, Trained [][]float64
}

func TestTheOfficialClientTrainsByReward(t *testing.T) {
	lines := runSDK[rlLine](t, newKit(t), "rl.py", "12")
	first, last := lines[0], lines[len(lines)-1]
	t.Logf("reward %.4f to %.4f", first.Reward, last.Reward)
	if last.Reward < first.Reward+0.2 {
		t.Errorf("reward %v, at the last step %v: want 0.2 more", first.Reward, last.Reward)
	}
}
