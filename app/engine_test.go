package app

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/rng"
)

// startEngine serves until the test ends and returns what a client needs.
func startEngine(t *testing.T, f engineFlags) (base, key string) {
	t.Helper()
	said, out := io.Pipe()
	c := &cli{cfg: Config{Home: t.TempDir(), Threads: 1}, err: out, out: io.Discard}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		err := c.engineServe(ctx, f)
		_ = out.Close() // a pipe's never fails
		ended <- err
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		if v, ok := strings.CutPrefix(lines.Text(), "export TINKER_BASE_URL="); ok {
			base = v
		}
		if v, ok := strings.CutPrefix(lines.Text(), "export TINKER_API_KEY="); ok {
			key = v
			break
		}
	}
	go func() { _, _ = io.Copy(io.Discard, said) }() // ends when the command does
	return base, key
}

func TestTheEngineServesWhatItSays(t *testing.T) {
	t.Setenv("LOCI_ENGINE_KEY", "")
	models := t.TempDir()
	words, err := llm.NewWords([]string{"yes", "no"})
	if err != nil {
		t.Fatal(err)
	}
	shape := nn.DecoderShape{Vocab: words.Size(), Width: 8, Layers: 1, Heads: 1, KVHeads: 1, HeadDim: 8, Inner: 8, Context: 32, Theta: 10000, Eps: 1e-5}
	if err := llm.NewFolder(nn.NewDecoder(rng.New(1, "engine"), shape), words).Write(filepath.Join(models, "mine"), llm.F32); err != nil {
		t.Fatal(err)
	}
	base, key := startEngine(t, engineFlags{addr: "127.0.0.1:0", models: []string{models}})
	if !strings.HasPrefix(base, "http://127.0.0.1:") || !strings.HasPrefix(key, "tml-") {
		t.Fatalf("address %q, key %q", base, key)
	}
	ask := func(key string) *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), "GET", base+"/api/v1/get_server_capabilities", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-API-Key", key)
		w, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	refused := ask("tml-another")
	_ = refused.Body.Close()
	if refused.StatusCode != http.StatusUnauthorized {
		t.Errorf("another key got status %d", refused.StatusCode)
	}
	w := ask(key)
	defer w.Body.Close()
	var reply struct {
		Models []struct {
			Name string `json:"model_name"`
		} `json:"supported_models"`
	}
	if err := json.NewDecoder(w.Body).Decode(&reply); err != nil || len(reply.Models) != 2 || reply.Models[1].Name != "mine" {
		t.Errorf("status %d, models %v (%v)", w.StatusCode, reply.Models, err)
	}
}

func TestTheEngineRefusesWhatItCannotServe(t *testing.T) {
	for name, c := range map[string]struct {
		flags engineFlags
		key   string
	}{
		"a folder without a model": {engineFlags{models: []string{t.TempDir()}}, ""},
		"a key of another form":    {engineFlags{}, "secret"},
		"an address that is none":  {engineFlags{addr: "nowhere"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("LOCI_ENGINE_KEY", c.key)
			command := &cli{cfg: Config{Home: t.TempDir(), Threads: 1}, err: io.Discard, out: io.Discard}
			if err := command.engineServe(t.Context(), c.flags); lab.CodeOf(err) != lab.Invalid {
				t.Errorf("got %v, want an error of code invalid", err)
			}
		})
	}
}
