// Package outside is the memory kind `outside`: a program of any language that keeps what an agent remembers and speaks the line protocol
// (docs/line-protocol.md). What it says that it changed is mirrored in a bank, so that its operations are events like those of every other
// memory; what it changed without saying so is found and ends the run.
package outside

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/pipe"
	"github.com/loci-lab/loci/backend/schema"
)

// BankName is the name of the one bank of an outside memory.
const BankName = "outside"

// Knobs choose the program.
type Knobs struct {
	Command []string `json:"command" doc:"the program and its arguments, one item each; no shell reads them" main:"true" group:"memory" pitfall:"a path without a slash is looked up among the programs of the machine where the run works, another one from the folder in which Loci was started"`
	Timeout float64  `json:"timeout" doc:"longest wait for one reply" unit:"seconds" default:"60" min:"0.1" max:"86400" group:"budget"`
	K       int      `json:"k" doc:"most entries that are read where the reader says nothing else; 0 for as many as the program gives" default:"5" min:"0" max:"1000" symbol:"K" unit:"entries" group:"memory"`
}

// Kind is the memory for the list that a notebook may choose from.
func Kind() schema.Kind {
	return schema.Kind{Name: pipe.Kind, Doc: "A program of your own that keeps, manages and reads, spoken with over a pipe.", New: func() any { return new(Knobs) }}
}

// Kinds are the memories of package mem and this one.
func Kinds() []schema.Kind { return append(mem.Kinds(), Kind()) }

// Open makes the memory that a set-up's section chooses, of this package or of mem. A memory of this package is an io.Closer. allow is asked
// before a program is started, nil allows.
func Open(ctx context.Context, setup lab.Setup, env mem.Env, allow func(command []string) error) (mem.Memory, error) {
	if setup.Kind(mem.Section) != pipe.Kind {
		return mem.Open(setup, env)
	}
	var k Knobs
	if err := setup.Section(mem.Section, &k); err != nil {
		return nil, err
	}
	m, err := New(ctx, k, env, allow)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// Memory is the mirror of a program's memory. It implements mem.Memory and is to be closed.
type Memory struct {
	knobs   Knobs
	options pipe.Options
	process *pipe.Process
	bank    *mem.Bank
	ours    map[string]string // id in the bank of an id of the program
	theirs  map[string]string // and back
	closed  bool
}

// New starts the program. Its chance is a seed that env.Draw gives it; without one it is 0. Errors are those of pipe.Start.
func New(ctx context.Context, k Knobs, env mem.Env, allow func(command []string) error) (*Memory, error) {
	greeting := greeting{Greeting: pipe.NewGreeting("memory")}
	if env.Draw != nil {
		greeting.Seed = env.Draw.Uint64() >> 11 // 53 bits, which every language reads
	}
	m := &Memory{
		knobs:   k,
		options: pipe.Options{Greeting: greeting, Hello: new(hello), Timeout: time.Duration(k.Timeout * float64(time.Second)), Allow: allow},
		bank:    mem.NewBank(BankName, env.Log, env.Count), ours: map[string]string{}, theirs: map[string]string{},
	}
	if err := m.start(ctx); err != nil {
		return nil, err
	}
	return m, nil
}

func (m *Memory) start(ctx context.Context) error {
	p, err := pipe.Start(ctx, m.knobs.Command, m.options)
	if err == nil {
		m.process = p
	}
	return err
}

// Write offers an experience, without its labels: they are what an agent cannot know.
func (m *Memory) Write(ctx context.Context, e lab.Experience) error {
	e.Labels = nil
	return m.operate(ctx, "write", e)
}

// Manage tells an outcome.
func (m *Memory) Manage(ctx context.Context, o mem.Outcome) error {
	used := make([]string, 0, len(o.Used))
	for _, id := range o.Used {
		if theirs, ok := m.theirs[id]; ok {
			used = append(used, theirs)
		}
	}
	return m.operate(ctx, "manage", outcome{o.At, o.Now, used, o.Scored, lab.Float(o.Reward), o.Success})
}

func (m *Memory) operate(ctx context.Context, verb string, in any) error {
	var out changed
	if err := m.process.Call(ctx, verb, in, &out); err != nil {
		return err
	}
	return m.follow(verb, out.Changes)
}

// Read asks for entries. The program names them best first; as many are used as the query lets in.
func (m *Memory) Read(ctx context.Context, q mem.Query) (mem.Reading, error) {
	k := q.K
	if k == 0 {
		k = m.knobs.K
	}
	var out recalled
	if err := m.process.Call(ctx, "read", query{q.Text, q.Now, k, q.Tokens}, &out); err != nil {
		return mem.Reading{}, err
	}
	hits, err := m.hits(out.Hits)
	if err != nil {
		return mem.Reading{}, m.process.Refuse("read", "%w", err)
	}
	reason := out.Reason
	if reason == "" {
		reason = "the program's own order"
	}
	reading, err := m.bank.Recall(q.Text, hits, mem.Limit{K: k, Tokens: q.Tokens}, reason)
	if err != nil {
		return mem.Reading{}, err
	}
	return reading, m.follow("read", out.Changes)
}

// Banks implements mem.Memory.
func (m *Memory) Banks() []*mem.Bank { return []*mem.Bank{m.bank} }

// kept is what a snapshot holds beside the bank.
type kept struct {
	State json.RawMessage   `json:"state"`
	Ours  map[string]string `json:"ours"`
}

// Snapshot asks the program for its state, and for all its entries, which must be those of the mirror.
func (m *Memory) Snapshot(w io.Writer) error {
	var out snapshot
	if err := m.process.Call(context.Background(), "snapshot", nil, &out); err != nil {
		return err
	}
	if err := m.compare(out.Entries); err != nil {
		return m.process.Refuse("snapshot", "%w", err)
	}
	if err := mem.WriteState(w, kept{out.State, m.ours}); err != nil {
		return err
	}
	return m.bank.Snapshot(w)
}

// Restore gives the program a state back. A program that ended is started again before.
func (m *Memory) Restore(r io.Reader) error {
	var k kept
	if err := mem.ReadState(r, &k); err != nil {
		return err
	}
	if err := m.bank.Restore(r); err != nil {
		return err
	}
	m.ours, m.theirs = map[string]string{}, map[string]string{}
	for theirs, ours := range k.Ours {
		m.ours[theirs], m.theirs[ours] = ours, theirs
	}
	if !m.closed && m.process.Err() != nil {
		if err := m.start(context.Background()); err != nil {
			return err
		}
	}
	var out restored
	if err := m.process.Call(context.Background(), "restore", state{k.State}, &out); err != nil {
		return err
	}
	if err := m.compare(out.Entries); err != nil {
		return m.process.Refuse("restore", "%w", err)
	}
	return nil
}

// Close ends the program.
func (m *Memory) Close() error {
	m.closed = true
	return m.process.Close()
}
