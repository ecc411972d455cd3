package rl

import (
	"context"
	"fmt"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
)

// Attempt is an attempt at an item as it stands before a call of the model: what a Reader sees.
type Attempt struct {
	Item   uint64 // its seed
	Number int    // within its group, from 0
	Turns  []Turn // that are over
	Told   string // what the world says now
	Now    []int32
}

// Turn is what the world said, what the model was given and wrote, and what came of it.
type Turn struct {
	Told    string
	Now     []int32 // Told as tokens
	Segment Segment
	Answer  string // what the world was given
	Outcome world.Outcome
}

// Reader makes the context of an attempt's next call. It may leave out, rewrite or insert anything; what it returns is the very context
// of the next Segment. An error fails the attempt.
type Reader func(a *Attempt) ([]int32, error)

// Whole is the Reader that keeps everything: all that was said and written, in order. Rows of such attempts are one row each.
func Whole(a *Attempt) ([]int32, error) {
	var context []int32
	for i := range a.Turns {
		context = append(append(context, a.Turns[i].Now...), a.Turns[i].Segment.Tokens...)
	}
	return append(context, a.Now...), nil
}

// TextRollout plays dialogues with a language model, all attempts side by side: each turn is one call of the sampler.
type TextRollout struct {
	Sampler   llm.Sampler
	Tokenizer llm.Tokenizer
	// Sampling holds for every call. Its Seed is not looked at. Without any stop, a call stops behind the tokenizer's End.
	Sampling llm.Sampling
	MaxTurns int    // at least 1; an attempt that needs more ends by lab.EndHorizon
	Read     Reader // nil for Whole
	// Answer makes of a turn's tokens what the world is given; nil decodes them without an End behind. An error fails the attempt.
	Answer func(a *Attempt, tokens []int32) (string, error)
	// End is called once for each attempt that did not fail, in order, when it is over; it may change reward, terms and what is trained.
	End func(a *Attempt, t *Trajectory, info world.Info)
	// Fork changes one attempt by hand; nil leaves all as they are.
	Fork *TextFork
}

// playing is one attempt under way.
type playing struct {
	Attempt
	dialogue   world.Dialogue
	trajectory Trajectory
	context    []int32
	over       bool
}

// Play makes n attempts at each item; start begins the dialogue of an item. Draws come from a stream of seed for each item, attempt and
// turn, so an attempt does not depend on what else is played, and items are to differ. What goes wrong in one attempt is its Err; a
// context with no room for another token ends it by lab.EndHorizon. It looks at ctx once a turn; an error of the sampler, or of a world that broke down (world.Failing), ends all.
func (r *TextRollout) Play(ctx context.Context, items []uint64, n int, seed uint64, start func(item uint64) (world.Dialogue, error)) ([]Group, error) {
	if n < 1 || r.MaxTurns < 1 {
		return nil, lab.Errorf(lab.Invalid, "%d attempts of at most %d turns, want at least 1 of each", n, r.MaxTurns)
	}
	all := make([]*playing, 0, len(items)*n)
	for _, item := range items {
		for i := range n {
			all = append(all, begin(item, i, start))
		}
	}
	for turn := range r.MaxTurns {
		live := r.contexts(all)
		if len(live) == 0 {
			break
		}
		if err := r.turn(ctx, live, seed, turn); err != nil {
			return nil, err
		}
	}
	return r.groups(items, n, all), nil
}

func begin(item uint64, i int, start func(item uint64) (world.Dialogue, error)) *playing {
	p := &playing{Attempt: Attempt{Item: item, Number: i}}
	p.trajectory.Why = lab.EndHorizon
	d, err := start(item)
	p.dialogue = d
	p.fail(err)
	return p
}

// fail ends an attempt that an error struck.
func (p *playing) fail(err error) {
	if err != nil {
		p.trajectory.Err, p.trajectory.Why, p.over = err, lab.EndFailed, true
	}
}

// contexts asks the reader for the context of every attempt that goes on, and returns these.
func (r *TextRollout) contexts(all []*playing) (live []*playing) {
	for _, p := range all {
		if !p.over {
			p.fail(r.read(p))
		}
		if !p.over && len(p.context) >= r.Sampler.Context() {
			p.over = true // no room: as much out of time as after the last turn
		}
		if !p.over {
			live = append(live, p)
		}
	}
	return live
}

func (r *TextRollout) read(p *playing) (err error) {
	p.Told = p.dialogue.Read()
	if p.Now, err = r.Tokenizer.Encode(p.Told); err != nil {
		return err
	}
	reader := r.Read
	if reader == nil {
		reader = Whole
	}
	if p.context, err = reader(&p.Attempt); err != nil {
		return err
	}
	if len(p.context) == 0 {
		return lab.Errorf(lab.Invalid, "attempt %d at item %d has no context, want at least 1 token", p.Number, p.Item)
	}
	return checkIDs("the context", p.context, r.Tokenizer.Size())
}

// turn samples for all live attempts in one call and hands the answers to their worlds. Attempts of an item that follow each other and
// have the same context are one request, whose prompt is computed once.
func (r *TextRollout) turn(ctx context.Context, live []*playing, seed uint64, turn int) error {
	sampling := r.Sampling
	if end := r.Tokenizer.End(); end >= 0 && len(sampling.Stop)+len(sampling.StopText) == 0 {
		sampling.Stop = [][]int32{{end}}
	}
	var requests []llm.Request
	for i, p := range live {
		if i > 0 && together(live[i-1], p) && r.Fork.stream(live[i-1], turn) == r.Fork.stream(p, turn) {
			requests[len(requests)-1].N++
			continue
		}
		sampling.Seed = rng.New(seed, fmt.Sprintf("sample/%d/%d", p.Item, turn)+r.Fork.stream(p, turn)).Uint64() + uint64(p.Number)
		requests = append(requests, llm.Request{Prompt: p.context, N: 1, Sampling: sampling})
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	replies, err := r.Sampler.Sample(ctx, requests)
	if err != nil {
		return err
	}
	for _, reply := range replies {
		for _, sequence := range reply.Sequences {
			if sequence, err = r.byHand(ctx, live[0], turn, sequence); err != nil {
				return err
			}
			live[0].fail(r.act(live[0], sequence))
			// A world that broke down is no bad answer of an attempt: everything stops.
			if err := world.Fault(live[0].dialogue); err != nil {
				return err
			}
			live = live[1:]
		}
	}
	return nil
}

// together says whether b can be the next continuation of a's request: continuation i draws from the stream of the seed plus i.
func together(a, b *playing) bool {
	return a.Item == b.Item && b.Number == a.Number+1 && slices.Equal(a.context, b.context)
}

// act gives an answer to the world.
func (r *TextRollout) act(p *playing, s llm.Sequence) error {
	answer := r.Answer
	if answer == nil {
		answer = r.decode
	}
	text, err := answer(&p.Attempt, s.Tokens)
	if err != nil {
		return err
	}
	segment := Segment{Context: p.context, Tokens: s.Tokens, Logprobs: s.Logprobs, Stop: s.Stop}
	o := p.dialogue.Act(text)
	p.Turns = append(p.Turns, Turn{Told: p.Told, Now: p.Now, Segment: segment, Answer: text, Outcome: o})
	p.trajectory.Segments = append(p.trajectory.Segments, segment)
	p.trajectory.Reward += o.Reward
	if o.Done {
		p.over, p.trajectory.Why = true, lab.EndTerminal
		if why := p.dialogue.Info().Why; why != "" {
			p.trajectory.Why = why
		}
	}
	return nil
}

// decode is the text of tokens without the one that ends it.
func (r *TextRollout) decode(_ *Attempt, tokens []int32) (string, error) {
	if n := len(tokens); n > 0 && tokens[n-1] == r.Tokenizer.End() {
		tokens = tokens[:n-1]
	}
	return r.Tokenizer.Decode(tokens)
}

func (r *TextRollout) groups(items []uint64, n int, all []*playing) []Group {
	groups := make([]Group, len(items))
	for i, p := range all {
		if p.trajectory.Err == nil && r.End != nil {
			r.End(&p.Attempt, &p.trajectory, p.dialogue.Info())
		}
		g := &groups[i/n]
		g.Item, g.Trajectories = p.Item, append(g.Trajectories, p.trajectory)
	}
	return groups
}
