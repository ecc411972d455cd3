package target

import (
	"math"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// Endpoint is a model behind the chat interface that most servers share. It names a secret and never holds its value.
type Endpoint struct {
	Name      string     // as a notebook's `model: endpoint NAME` says it
	URL       string     // base address, what comes before /chat/completions
	Secret    string     // name of the secret with the key, "" for a server that asks for none
	Model     string     // the server's name of the model that answers, "" for none
	Embedding string     // the server's name of an embeddings model, "" for none
	PerMinute int        // most requests a minute, 0 for no limit
	Dollars   float64    // most to be spent in one run, 0 for no limit
	Prices    [2]float64 // dollars for a million tokens, of prompts and of answers; 0 where they cost nothing or are not known
	Parallel  int        // requests at once, from 1
	Insecure  bool       // the user allowed http to another computer
	Table     Prices     // of its models, before Prices; nil where none is known
}

// The largest numbers that are taken for no slip of the finger.
const (
	MaxPerMinute = 100000
	MaxDollars   = 1e6
	MaxParallel  = 256
	UsualAtOnce  = 4 // requests at once where nothing else is said
)

// Preset is a server that many people have, with the address where it listens unless it was told otherwise.
type Preset struct {
	Name, URL string
	Key       bool // it wants a key
}

// Presets are the servers that need no address, in the order in which they are shown.
func Presets() []Preset {
	return []Preset{
		{"openai", "https://api.openai.com/v1", true},
		{"ollama", "http://127.0.0.1:11434/v1", false},
		{"vllm", "http://127.0.0.1:8000/v1", false},
		{"llama.cpp", "http://127.0.0.1:8080/v1", false},
		{"lm-studio", "http://127.0.0.1:1234/v1", false},
		{"openrouter", "https://openrouter.ai/api/v1", true},
	}
}

// FindPreset returns the preset of that name, or an error of code invalid that lists them.
func FindPreset(name string) (Preset, error) {
	var names []string
	for _, p := range Presets() {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return Preset{}, lab.Errorf(lab.Invalid, "preset %.40q is unknown, want one of %q", name, names).WithHint("choose one of them, or give the address with --endpoint URL")
}

// Check returns nil for an endpoint that can be used, and else an Invalid error on the first field that is wrong.
func (e Endpoint) Check() error {
	if err := checkName(e.Name); err != nil {
		return err
	}
	if err := checkURL("endpoint", e.URL, e.Insecure, "/chat/completions"); err != nil {
		return err
	}
	if e.Secret != "" {
		if err := lab.CheckSecretName(e.Secret); err != nil {
			return err
		}
	}
	for _, name := range []string{e.Model, e.Embedding} {
		if len(name) > 200 || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
			return lab.Errorf(lab.Invalid, "model is %.220q, want a name of at most 200 bytes without spaces", name).
				WithHint("`loci target test` lists the models that an endpoint has")
		}
	}
	if e.Model == "" && e.Embedding == "" {
		return lab.Errorf(lab.Invalid, "endpoint %q names no model", e.Name).WithHint("name the server's model with --model, or one for embeddings with --embedding")
	}
	return e.checkNumbers()
}

func (e Endpoint) checkNumbers() error {
	price := func(p float64) bool { return p >= 0 && !math.IsInf(p, 0) }
	if err := e.Table.check(); err != nil {
		return err
	}
	switch {
	case e.PerMinute < 0 || e.PerMinute > MaxPerMinute:
		return lab.Errorf(lab.Invalid, "per-minute is %d, want 0 (no limit) to %d", e.PerMinute, MaxPerMinute).WithHint("leave it out for no limit")
	case !(e.Dollars >= 0) || e.Dollars > MaxDollars:
		return lab.Errorf(lab.Invalid, "dollars is %v, want 0 (no limit) to %v", e.Dollars, MaxDollars).WithHint("give the most that one run may spend")
	case !price(e.Prices[0]) || !price(e.Prices[1]):
		return lab.Errorf(lab.Invalid, "prices are %v, want two numbers from 0 on", e.Prices).WithHint("give dollars a million tokens: --prices IN,OUT")
	case e.Dollars > 0 && e.Counted() == [2]float64{}:
		return lab.Errorf(lab.Invalid, "dollars is %v, and without prices of model %q nothing can be counted", e.Dollars, e.Model).WithHint("give dollars a million tokens with --prices IN,OUT, or a price of that model")
	case e.Parallel < 1 || e.Parallel > MaxParallel:
		return lab.Errorf(lab.Invalid, "parallel is %d, want 1 to %d", e.Parallel, MaxParallel).WithHint("%d is usual", UsualAtOnce)
	}
	return nil
}

// InClear tells whether a key would travel to this endpoint in clear over a network.
func (e Endpoint) InClear() bool { return inClear(e.URL) }
