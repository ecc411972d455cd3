// Package mem is the memory of agents: the loop of write, manage and read, the structures that it is made of, and the memories that every
// text notebook may choose by `memory: {kind: NAME}`.
//
// Every operation goes through a Bank and is an event with its reason: the bank as it stood at any step follows from the events.
//
// Letters: M memories (entries of a bank), K retrieved, D width of an embedding.
package mem

import (
	"context"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// Memory is what an agent keeps from step to step and from episode to episode. One goroutine uses it.
//
// The order in an episode: Read before an answer, Write for each experience that came of it, Manage behind each step, at the end of the
// episode and, in worlds that have them, of a session.
type Memory interface {
	// Write offers an experience. What is kept of it, and how, is the memory's own affair.
	Write(ctx context.Context, e lab.Experience) error
	// Read recalls entries for a query and reports them with the parts of their scores, near misses too.
	Read(ctx context.Context, q Query) (Reading, error)
	// Manage does what is due now: values learned from an outcome, merging, forgetting, summaries.
	Manage(ctx context.Context, o Outcome) error
	// Banks are all banks of this memory; together they are its whole content.
	Banks() []*Bank
	lab.Snapshotter
}

// Query asks for what bears on a text.
type Query struct {
	Text   string
	Now    int64 // on the world's clock
	K      int   // most entries, 0 for as many as the memory's own knob says
	Tokens int   // most tokens of all entries together, 0 for no limit
}

// Reading is what was recalled.
type Reading struct {
	Entries []lab.Entry // in the order of presentation: the best stands last, next to the question
	Hits    []lab.Hit   // best first; entries that were considered and not used stand among them
}

// Lines returns the texts of the entries.
func (r Reading) Lines() []string {
	lines := make([]string, len(r.Entries))
	for i, e := range r.Entries {
		lines[i] = e.Text
	}
	return lines
}

// IDs returns the ids of the entries.
func (r Reading) IDs() []string {
	ids := make([]string, len(r.Entries))
	for i, e := range r.Entries {
		ids[i] = e.ID
	}
	return ids
}

// Occasion says when Manage is called.
type Occasion string

// The occasions.
const (
	AfterStep    Occasion = "step"
	AfterEpisode Occasion = "episode"
	AfterSession Occasion = "session"
)

// Outcome is what a memory learns from.
type Outcome struct {
	At      Occasion
	Now     int64    // on the world's clock
	Used    []string // entries that stood in the prompt since the last outcome of this occasion
	Scored  bool     // Reward and Success mean something
	Reward  float64  // the world's own
	Success bool
}

// Env is what a memory gets from whoever runs it.
type Env struct {
	Log   *Log                  // where its operations go; nil keeps no record
	Embed Embedder              // nil for a hashed bag of words
	Count func(text string) int // tokens of a text; nil counts words
	Draw  *rng.Stream           // its chance; memories that use none may get nil
	Core  *num.Core             // kernels and threads of its searches; nil for the portable kernels on one thread
}

// Embedder is the one to use: Embed, or a hashed bag of words.
func (e Env) Embedder() Embedder {
	if e.Embed == nil {
		return NewHashed(0)
	}
	return e.Embed
}

// Embedder turns texts into vectors of unit length (or zero for a text without content).
type Embedder interface {
	// Embed returns one vector [D] for each text, in order.
	Embed(ctx context.Context, texts []string) ([][]float32, error)
	Width() int // D
}

// Log is where the operations of a run's banks go, and where in the run they happen. The run sets the fields before it lets a memory work;
// all memories of a run may share one. With Emit nil, operations are counted and not kept: a bank whose operations are kept is attached
// from its first one on, so that what the record shows of it is whole.
type Log struct {
	Emit    lab.Emitter
	Episode int64
	T       int
	Omitted int64 // operations that were not kept
}
