package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"slices"
)

// Method is one agent learning in one world: what a run executes. It is single-use, and only one goroutine calls it.
//
// Advance does the next unit of work (a rollout and its update, an evaluation, an episode), emits its events and says how far it
// is; Done == Total means that nothing is left. The same set-up, seed and kernel family give the same events, whatever the number
// of threads. It looks at ctx once per environment step or batch and then returns ctx.Err() without having emitted half a unit
// that Restore could not make again.
type Method interface {
	Advance(ctx context.Context, emit Emitter) (Progress, error)
	Snapshotter
}

// Snapshotter keeps and restores the whole state between two units: parameters, optimiser, memory, random streams, environments.
type Snapshotter interface {
	Snapshot(w io.Writer) error
	Restore(r io.Reader) error
}

// Bench is what a method gets from the machine it runs on. Nothing in it may change a number but the kernel family.
type Bench struct {
	Kernel  string // kernel family: avx512, avx2, go; "" picks the best
	Threads int    // workers inside one run, at least 1
	Code    string // code identity of the paper: what is kept in Cache was made by it
	Cache   string // folder of what several runs share, as warm starts; "" keeps nothing
	// Service finds a training service by its name; nil where none is set up.
	Service func(name string) (Service, error)
	// Allow is asked before a program that a notebook names is started; its error is returned and nothing is started. nil allows.
	Allow func(command []string) error
	// Endpoint finds a model endpoint by its name; nil where none is set up.
	Endpoint func(name string) (Endpoint, error)
	// Data finds an imported data file by its name; nil where none can be. A name that was not imported is an error of code not-found
	// that says how to import it.
	Data func(name string) (DataFile, error)
}

// DataFile is a file of real data that was imported under a name.
type DataFile struct {
	Name   string `json:"name"`
	Layout string `json:"layout"` // locomo, gsm8k or jsonl
	Path   string `json:"path"`
	Hash   string `json:"hash"` // SHA-256 of its bytes, hexadecimal
}

// Endpoint is how to reach a model behind the chat interface that most servers share.
type Endpoint struct {
	Name      string
	URL       string     // base address, what comes before /chat/completions
	Key       Secret     // empty where the server wants none
	Model     string     // the server's name of the model
	Embedding string     // the server's name of an embeddings model; "" where there is none
	Cache     string     // folder of replies, by request; "" keeps none
	PerMinute int        // most requests a minute, 0 for no limit
	Dollars   float64    // most to be spent in one run, 0 for no limit
	Prices    [2]float64 // dollars for a million tokens, of prompts and of replies; 0 unknown
	Parallel  int        // requests at once, at least 1
}

// Service is how to reach a training service.
type Service struct {
	Name      string
	URL       string
	Key       Secret // of the interface; empty where the service asks for none
	BaseModel string // the service's name of the model to start from; "" for the warm start of the run
	Rank      int    // of the adapters, 0 trains all weights
	Profile   string // how the service differs from the protocol; "" finds out
}

// Setup is a resolved set-up: every knob of every section with its value. It is data, so that it can be hashed, sent and shared.
type Setup struct {
	Paper    string                     `json:"paper"`    // slug
	Budget   string                     `json:"budget"`   // fast, laptop, full
	Model    string                     `json:"model"`    // the rung: tiny, endpoint NAME, service NAME
	Sections map[string]json.RawMessage `json:"sections"` // world, agent, memory, rl: {"kind": NAME, knob: value, ...}
}

// Section decodes one section into knobs. Unknown fields are an error.
func (s Setup) Section(name string, knobs any) error {
	raw, ok := s.Sections[name]
	if !ok {
		return Errorf(Invalid, "set-up of %s has no section %q", s.Paper, name)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return Errorf(Invalid, "section %q of %s cannot be read: %w", name, s.Paper, err)
	}
	delete(fields, "kind")
	rest, err := json.Marshal(fields)
	if err != nil {
		return Errorf(Internal, "section %q of %s: %w", name, s.Paper, err)
	}
	dec := json.NewDecoder(bytes.NewReader(rest))
	dec.DisallowUnknownFields()
	if err := dec.Decode(knobs); err != nil {
		return Errorf(Invalid, "section %q of %s cannot be read: %w", name, s.Paper, err)
	}
	return nil
}

// Kind returns the kind that a section chose, "" where it has none.
func (s Setup) Kind(section string) string {
	var head struct {
		Kind string `json:"kind"`
	}
	if json.Unmarshal(s.Sections[section], &head) != nil {
		return ""
	}
	return head.Kind
}

// Data names the imported data files that a set-up reads: the value of the knob `data` of any section, each once, in order.
func (s Setup) Data() (names []string) {
	for _, section := range slices.Sorted(maps.Keys(s.Sections)) {
		var head struct {
			Data string `json:"data"`
		}
		if json.Unmarshal(s.Sections[section], &head) == nil && head.Data != "" && !slices.Contains(names, head.Data) {
			names = append(names, head.Data)
		}
	}
	return names
}

// Budgets are the sizes of a run: fast shows that it works, laptop gives verdicts, full is what the paper calls full scale.
func Budgets() []string { return []string{"fast", "laptop", "full"} }

// MetricSpec tells what a metric is, once, for charts, claims and docs.
type MetricSpec struct {
	Name   string `json:"name"`
	Unit   string `json:"unit"`   // share, return, numbers, steps, tokens, nats
	XUnit  string `json:"x_unit"` // environment steps, episodes
	Better string `json:"better"` // higher, lower, or "" where neither is
	Doc    string `json:"doc"`
}

// Card is what the Library shows of a paper.
type Card struct {
	Slug      string         `json:"slug"`
	Title     string         `json:"title"`
	Short     string         `json:"short"` // name as people say it
	Source    string         `json:"source"`
	Idea      string         `json:"idea"` // one line
	Problem   string         `json:"problem"`
	Mechanism string         `json:"mechanism"`
	Reported  string         `json:"reported"`
	Pitfalls  []string       `json:"pitfalls"`
	Basis     string         `json:"basis"` // what the card rests on
	Form      string         `json:"form"`  // of the memory: latent, tokens, parameters
	Function  string         `json:"function"`
	Control   string         `json:"control"` // rule or learned
	Learns    string         `json:"learns"`
	World     string         `json:"world"`
	Rung      string         `json:"rung"`
	Minutes   float64        `json:"minutes"` // on the computer that recorded its results, laptop budget, all runs
	Notebook  string         `json:"notebook"`
	Deviation []string       `json:"deviations"`
	Metrics   []MetricSpec   `json:"metrics"`
	Extra     map[string]any `json:"extra,omitempty"`
}
