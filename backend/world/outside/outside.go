// Package outside is the world kind `outside`: a program of any language that plays episodes in words and speaks the line protocol
// (docs/line-protocol.md).
//
// The program promises what every world of Loci promises: the same split and seed give the same episode. The first episode of a world is
// played twice side by side, and a program whose two episodes differ is refused.
package outside

import (
	"context"
	"sync"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/pipe"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world"
)

// Knobs choose the program.
type Knobs struct {
	Command []string `json:"command" doc:"the program and its arguments, one item each; no shell reads them" main:"true" group:"world" pitfall:"a path without a slash is looked up among the programs of the machine where the run works, another one from the folder in which Loci was started"`
	Timeout float64  `json:"timeout" doc:"longest wait for one reply" unit:"seconds" default:"60" min:"0.1" max:"86400" group:"budget"`
}

// Kind is the world for the list that a notebook may choose from.
func Kind() schema.Kind {
	return schema.Kind{Name: pipe.Kind, Doc: "A program of your own that plays episodes in words, spoken with over a pipe.", New: func() any { return new(Knobs) }}
}

// World is a program's world. It implements world.Readable and world.Waiting, and is to be closed. Several goroutines may use it; the
// program gets one request at a time.
type World struct {
	process *pipe.Process
	hello   hello
	spec    world.TextSpec
	words   map[string]bool // nil where any word is legal

	mu      sync.Mutex
	opened  int64 // episodes
	checked bool  // an episode was started twice
}

// New starts the program. allow is asked before, nil allows. Errors are those of pipe.Start.
func New(ctx context.Context, k Knobs, allow func(command []string) error) (*World, error) {
	w := new(World)
	var err error
	w.process, err = pipe.Start(ctx, k.Command, pipe.Options{
		Greeting: pipe.NewGreeting("world"), Hello: &w.hello, Timeout: time.Duration(k.Timeout * float64(time.Second)), Allow: allow,
	})
	if err != nil {
		return nil, err
	}
	w.spec = world.TextSpec{Name: w.hello.Name, Words: w.hello.vocabulary(), Horizon: w.hello.Horizon}
	if len(w.hello.Words) > 0 {
		w.words = map[string]bool{}
		for _, word := range w.spec.Words {
			w.words[word] = true
		}
	}
	return w, nil
}

// Spec implements world.Text. Words are those of the program and the three that say in an experience what an answer paid; none where the
// program names none.
func (w *World) Spec() world.TextSpec { return w.spec }

// Splits implements world.Text.
func (w *World) Splits() []string { return w.hello.Splits }

// Start implements world.Text.
func (w *World) Start(split string, seed uint64) (world.Dialogue, error) {
	return w.Begin(context.Background(), split, seed)
}

// seedBits keeps seeds below 2^53, which every language reads.
const seedBits = 1<<53 - 1

// Begin implements world.Waiting. The first episode is started twice: its twin is given the same answers and must say the same.
func (w *World) Begin(ctx context.Context, split string, seed uint64) (world.Dialogue, error) {
	if err := w.hello.legal(split); err != nil {
		return nil, err
	}
	first, number := w.open()
	d := &dialogue{world: w, ctx: ctx, number: number, info: world.Info{Seed: seed & seedBits}}
	if first {
		d.twin = number + 1
	}
	if err := d.start(split); err != nil {
		return nil, err
	}
	return d, nil
}

// open numbers an episode; the first takes two numbers.
func (w *World) open() (first bool, number int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	first, number = !w.checked, w.opened+1
	w.opened, w.checked = number, true
	if first {
		w.opened++
	}
	return first, number
}

// Reference implements world.Text: random answers with one of the program's actions, oracle with what the program calls the best answer.
// A program that offers neither has no such reference, and the other two never exist; asking for them is an error of code invalid.
func (w *World) Reference(name string, seed uint64) (world.Speaker, error) {
	switch {
	case name == world.Random && len(w.hello.Actions) > 0:
		return &random{actions: w.hello.Actions, seed: seed}, nil
	case name == world.Oracle && w.hello.Oracle:
		return oracle{}, nil
	}
	return nil, lab.Errorf(lab.Invalid, "world %q brings no reference %q, want one of %q", w.spec.Name, name, w.hello.references()).
		WithHint("name actions in the program's hello for random, or set oracle there and say best with every turn")
}

// Reader implements world.Readable.
func (w *World) Reader(seed uint64) world.Reader {
	return &reader{actions: w.hello.Actions, seed: seed}
}

// Close ends the program.
func (w *World) Close() error { return w.process.Close() }
