package textmemory

import (
	"context"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/world"
)

// episode is one episode under way.
type episode struct {
	*method
	emit   lab.Emitter
	number int64
	seed   uint64
	kept   bool

	dialogue world.Recalling
	shift    int64 // added to the world's clock so that it goes on over episodes
	shifted  bool
	used     map[mem.Occasion][]string // entries that were read since the last outcome of each occasion
	largest  int                       // context, tokens
}

// play is the loop that all memories share: read, answer, write what came of it, manage.
func (e *episode) play(ctx context.Context) error {
	if err := e.begin(ctx); err != nil {
		return err
	}
	for t := range e.world.Spec().Horizon + 1 {
		if err := ctx.Err(); err != nil {
			return err
		}
		e.log.Episode, e.log.T = e.number, t
		done, err := e.step(ctx, t)
		if err != nil {
			return err
		}
		if done {
			return e.end(ctx)
		}
	}
	return lab.Errorf(lab.Internal, "episode %d of %s goes on after %d turns, the horizon", e.seed, e.world.Spec().Name, e.world.Spec().Horizon)
}

func (e *episode) begin(ctx context.Context) error {
	d, err := world.Begin(ctx, e.world, e.how.Split, e.seed)
	if err != nil {
		return err
	}
	recalling, ok := d.(world.Recalling)
	if !ok {
		return lab.Errorf(lab.Internal, "dialogues of %s tell no experiences", e.world.Spec().Name)
	}
	if _, tells := d.(evident); e.kind == Retrieval && !tells {
		return lab.Errorf(lab.Invalid, "agent retrieval wants a world that tells the evidence of its questions, and %s does not", e.world.Spec().Name).
			WithHint("choose agent.kind reader, or world locomo")
	}
	e.dialogue, e.used = recalling, map[mem.Occasion][]string{}
	e.agent.begin(e.now.Episodes, e.replay())
	e.log.Episode, e.log.T = e.number, 0
	if !e.agent.recalls() {
		return nil
	}
	if err := e.live(ctx, d, e.emit, e.kept); err != nil {
		return err
	}
	return e.write(ctx)
}

// step is one turn.
func (e *episode) step(ctx context.Context, t int) (done bool, err error) {
	d := e.dialogue
	told, query, wants := d.Read(), d.Query(), e.family.asks(d)
	if err := e.alter(ctx, t); err != nil {
		return false, err
	}
	reading, err := e.read(ctx, query)
	if err != nil {
		return false, err
	}
	found := e.find(d, reading)
	said, category := "", ""
	if of, ok := d.(evident); ok {
		category = of.Category()
	}
	if wants {
		if said, err = e.agent.answer(ctx, turn{d, told, reading.Lines(), e.fork.Chance(e.number, t)}); err != nil {
			return false, err
		}
		if other, ok := e.fork.Action(e.number, t); ok {
			said = other
		}
	}
	scene := e.scene(d)
	out := d.Act(said)
	if err := world.Fault(d); err != nil { // a program that died has answered nothing
		return false, err
	}
	if wants {
		e.sums.answered(d, category, out, reading, e.kind == Retrieval)
		e.largest = max(e.largest, words(told)+readTokens(reading))
	}
	if err := e.show(t, told, said, reading, out, scene); err != nil || !e.agent.recalls() {
		return out.Done, err
	}
	if err := e.write(ctx); err != nil {
		return false, err
	}
	return out.Done, e.manage(ctx, wants, out, reading, found)
}

// read asks the memory what bears on the query.
func (e *episode) read(ctx context.Context, query string) (mem.Reading, error) {
	if query == "" || !e.agent.recalls() {
		return mem.Reading{}, nil
	}
	k := e.how
	reading, err := e.memory.Read(ctx, mem.Query{Text: query, Now: e.now.Clock, K: k.K, Tokens: k.Tokens})
	if err != nil {
		return reading, err
	}
	for _, at := range []mem.Occasion{mem.AfterStep, mem.AfterEpisode, mem.AfterSession} {
		for _, id := range reading.IDs() {
			if !slices.Contains(e.used[at], id) {
				e.used[at] = append(e.used[at], id)
			}
		}
	}
	return reading, nil
}

// write offers the memory what the world brought. The clock of a world that begins anew in each episode goes on here, since to a memory
// that lives on, what came later must be later.
func (e *episode) write(ctx context.Context) error {
	for _, x := range e.dialogue.Experiences() {
		if !e.shifted {
			e.shifted = true
			if x.When < e.now.Clock {
				e.shift = e.now.Clock + 1 - x.When
			}
		}
		x.When += e.shift
		e.now.Clock = max(e.now.Clock, x.When)
		if err := e.memory.Write(ctx, x); err != nil {
			return err
		}
	}
	return nil
}

// manage lets the memory do what is due behind a step, and behind a session that ended.
func (e *episode) manage(ctx context.Context, wants bool, out world.Outcome, reading mem.Reading, found *finding) error {
	if found != nil && e.tells {
		if err := e.feedback(ctx, reading, found); err != nil {
			return err
		}
	} else if err := e.outcome(ctx, mem.Outcome{At: mem.AfterStep, Scored: wants && e.kind != Retrieval, Reward: out.Reward, Success: out.Reward > 0}); err != nil {
		return err
	}
	if !sessionEnded(e.dialogue) {
		return nil
	}
	return e.outcome(ctx, mem.Outcome{At: mem.AfterSession})
}

// outcome tells the memory what came of what was read since the last outcome of this occasion.
func (e *episode) outcome(ctx context.Context, o mem.Outcome) error {
	o.Now, o.Used = e.now.Clock, e.used[o.At]
	e.used[o.At] = nil
	return e.memory.Manage(ctx, o)
}

// feedback tells the memory which of the recalled entries held evidence and which did not, as a reader's clicks would.
func (e *episode) feedback(ctx context.Context, reading mem.Reading, found *finding) error {
	var hits, misses []string
	for _, entry := range reading.Entries {
		if found.holds(entry) {
			hits = append(hits, entry.ID)
		} else {
			misses = append(misses, entry.ID)
		}
	}
	e.used[mem.AfterStep] = hits
	if err := e.outcome(ctx, mem.Outcome{At: mem.AfterStep, Scored: true, Reward: 1, Success: true}); err != nil {
		return err
	}
	e.used[mem.AfterStep] = misses
	return e.outcome(ctx, mem.Outcome{At: mem.AfterStep, Scored: true})
}

// end closes the episode.
func (e *episode) end(ctx context.Context) error {
	info := e.dialogue.Info()
	size, tokens := 0, 0
	if e.agent.recalls() {
		if err := e.outcome(ctx, mem.Outcome{At: mem.AfterEpisode, Scored: e.kind != Retrieval, Reward: float64(info.Return), Success: info.Success}); err != nil {
			return err
		}
		for _, b := range e.memory.Banks() {
			size, tokens = size+b.Len(), tokens+b.Tokens()
		}
	}
	e.sums.episode(info, size, tokens, e.largest, e.kind == Retrieval)
	numbers := map[string]lab.Float{}
	for name, v := range info.Numbers {
		if e.kind != Retrieval { // which answers nothing
			numbers[name] = lab.Float(v)
		}
	}
	return e.emit.Emit(lab.Episode{ID: e.number, Split: e.how.Split, Seed: info.Seed, X: int64(e.now.Episodes), Steps: info.Steps, Return: lab.Float(info.Return),
		Success: info.Success, Why: info.Why, Memory: lab.Float(size), Context: lab.Float(e.largest), Detail: e.kept, Numbers: numbers})
}

// scene draws the turn as the agent met it, where it is recorded.
func (e *episode) scene(d world.Dialogue) *lab.Scene {
	if !e.kept {
		return nil
	}
	s := d.Scene()
	return &s
}

// show records one turn.
func (e *episode) show(t int, told, said string, reading mem.Reading, out world.Outcome, scene *lab.Scene) error {
	if !e.kept {
		return nil
	}
	blocks := []lab.Block{{Name: "task", Text: told, Count: words(told)}}
	if len(reading.Entries) > 0 {
		blocks = append(blocks, lab.Block{Name: "memory", Text: strings.Join(reading.Lines(), "\n"), Count: readTokens(reading), Entries: reading.IDs()})
	}
	if err := e.emit.Emit(lab.Context{Episode: e.number, T: t, Blocks: blocks}); err != nil {
		return err
	}
	return e.emit.Emit(lab.Step{Episode: e.number, T: t, Saw: told, Action: said, Reward: lab.Float(out.Reward), Done: out.Done, Scene: scene})
}

// words counts the tokens of a text as memories do.
func words(text string) int { return len(strings.Fields(text)) }

func readTokens(r mem.Reading) (n int) {
	for _, e := range r.Entries {
		n += e.Tokens
	}
	return n
}
