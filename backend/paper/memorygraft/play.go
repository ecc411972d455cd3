package memorygraft

import (
	"context"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/tool"
)

// sitting is one task to be done.
type sitting struct {
	task    tool.PipelineTask
	note    string // beside it
	episode *tool.Episode
	reading mem.Reading
	number  int64 // of the episode in the record
}

// played is an episode that is over.
type played struct {
	sitting
	turns []rl.Turn
	info  world.Info
	err   error
}

// peak is the largest context that the actor had, tokens.
func (p *played) peak() (n int) {
	for i := range p.turns {
		n = max(n, len(p.turns[i].Segment.Context))
	}
	return n
}

// player does tasks: a model that follows demonstrations, or a yardstick.
type player interface {
	play(ctx context.Context, all []sitting, seed uint64) ([]played, error)
}

// actor is the frozen language model. It writes one call after another; each ends behind a semicolon, or with the text.
type actor struct {
	sampler llm.Sampler
	tok     llm.Tokenizer
	temper  float64
	horizon int
	end     int32 // token of the semicolon
}

// longestCall bounds a call: two words and an end.
const longestCall = 4

func newActor(sampler llm.Sampler, tok llm.Tokenizer, temper float64, horizon int) (*actor, error) {
	end, err := tok.Encode(";")
	if err != nil || len(end) != 1 {
		return nil, lab.Errorf(lab.Internal, "memorygraft: a semicolon has the tokens %v: %v", end, err)
	}
	return &actor{sampler, tok, temper, horizon, end[0]}, nil
}

// desk is an episode whose calls come without the word CALL, which the runtime adds.
type desk struct{ *tool.Episode }

// Act passes a call on.
func (d desk) Act(answer string) world.Outcome {
	if answer != tool.Done.String() {
		answer = tool.Call.String() + " " + answer
	}
	return d.Episode.Act(answer)
}

// play does all tasks side by side.
func (a *actor) play(ctx context.Context, all []sitting, seed uint64) ([]played, error) {
	done := make([]played, len(all))
	items := make([]uint64, len(all))
	for i := range all {
		items[i], done[i].sitting = uint64(i), all[i]
	}
	rollout := rl.TextRollout{Sampler: a.sampler, Tokenizer: a.tok, MaxTurns: a.horizon,
		Sampling: llm.Sampling{MaxTokens: longestCall, Temperature: a.temper, Stop: [][]int32{{a.end}, {a.tok.End()}}},
		Read: func(t *rl.Attempt) ([]int32, error) {
			s := &all[t.Item]
			return a.tok.Encode(prompt(s.reading.Lines(), s.episode.Request(), made(t.Turns)))
		},
		Answer: func(_ *rl.Attempt, tokens []int32) (string, error) { return a.call(tokens) },
		End: func(t *rl.Attempt, _ *rl.Trajectory, info world.Info) {
			done[t.Item].turns, done[t.Item].info = t.Turns, info
		},
	}
	groups, err := rollout.Play(ctx, items, 1, seed, func(item uint64) (world.Dialogue, error) { return desk{all[item].episode}, nil })
	if err != nil {
		return nil, err
	}
	for i := range done {
		done[i].err = groups[i].Trajectories[0].Err
	}
	return done, nil
}

// call is the text of tokens without what ends it.
func (a *actor) call(tokens []int32) (string, error) {
	if n := len(tokens); n > 0 && (tokens[n-1] == a.end || tokens[n-1] == a.tok.End()) {
		tokens = tokens[:n-1]
	}
	text, err := a.tok.Decode(tokens)
	return strings.TrimSpace(text), err
}

func made(turns []rl.Turn) []string {
	calls := make([]string, len(turns))
	for i := range turns {
		calls[i] = turns[i].Answer
	}
	return calls
}

// prompt is what the actor sees: demonstrations, the most similar last, and the request with the calls that were made for it, in the form of
// a demonstration that goes on.
func prompt(lines []string, request string, calls []string) string {
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(line + "\n")
	}
	b.WriteString(request + " :")
	for _, call := range calls {
		b.WriteString(" " + call + " ;")
	}
	return b.String()
}

// yardstick acts as a reference of the world does and reads nothing.
type yardstick struct {
	world  *tool.World
	policy string
}

func (y *yardstick) play(ctx context.Context, all []sitting, seed uint64) ([]played, error) {
	done := make([]played, len(all))
	for i := range all {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		speaker, err := y.world.Reference(y.policy, world.Draw(seed, uint64(i)))
		if err != nil {
			return nil, err
		}
		p := &done[i]
		p.sitting = all[i]
		for over := p.episode.Over(); !over; {
			turn := rl.Turn{Told: p.episode.Read(), Answer: speaker.Answer(p.episode)}
			turn.Outcome = p.episode.Act(turn.Answer)
			p.turns, over = append(p.turns, turn), turn.Outcome.Done
		}
		p.info = p.episode.Info()
	}
	return done, nil
}

// failed tells the first error of some episodes: one that could not be played is never scored as a task that failed.
func failed(all []played) error {
	for i := range all {
		if err := all[i].err; err != nil {
			return lab.Errorf(lab.CodeOf(err), "episode %d, %q: %w", all[i].number, all[i].task.Request(), err)
		}
	}
	return nil
}

// show emits the steps of an episode: what stood in the prompt, what was answered, and what came of it.
func (m *method) show(emit lab.Emitter, p *played) error {
	a, ok := m.who.(*actor)
	for t := range p.turns {
		turn := &p.turns[t]
		step := lab.Step{Episode: p.number, T: t, Saw: turn.Told, Action: turn.Answer, Reward: lab.Float(turn.Outcome.Reward), Done: turn.Outcome.Done}
		if t == len(p.turns)-1 {
			scene := p.episode.Scene()
			step.Scene = &scene
		}
		if ok {
			blocks, err := a.blocks(p, turn.Segment.Context)
			if err != nil {
				return err
			}
			if err := emit.Emit(lab.Context{Episode: p.number, T: t, Limit: a.sampler.Context(), Blocks: blocks}); err != nil {
				return err
			}
			if step.Action, err = a.tok.Decode(turn.Segment.Tokens); err != nil { // with what ends it: the very words, of which State has the log-probabilities
				return err
			}
			for _, v := range turn.Segment.Logprobs {
				step.State = append(step.State, lab.Float(v))
			}
		}
		if err := emit.Emit(step); err != nil {
			return err
		}
	}
	return nil
}

// blocks are the two parts of a prompt, with the very token ids.
func (a *actor) blocks(p *played, ids []int32) ([]lab.Block, error) {
	var lines strings.Builder
	for _, line := range p.reading.Lines() {
		lines.WriteString(line + "\n")
	}
	memory, err := a.tok.Encode(lines.String())
	if err != nil {
		return nil, err
	}
	task, err := a.tok.Decode(ids[len(memory):])
	if err != nil {
		return nil, err
	}
	blocks := []lab.Block{{Name: "task", Text: task, Tokens: slices.Clone(ids[len(memory):]), Count: len(ids) - len(memory)}}
	if len(memory) == 0 {
		return blocks, nil
	}
	shown := lab.Block{Name: "memory", Text: lines.String(), Tokens: memory, Count: len(memory), Entries: p.reading.IDs()}
	return append([]lab.Block{shown}, blocks...), nil
}

// episode sums an episode up.
func (m *method) episode(p *played, split string, session int, detail bool) lab.Episode {
	ep := lab.Episode{ID: p.number, Split: split, Seed: p.info.Seed, X: int64(session), Steps: len(p.turns), Return: lab.Float(p.info.Return),
		Success: p.info.Success, Why: p.info.Why, Context: lab.Float(p.peak()), Detail: detail,
		Numbers: map[string]lab.Float{"family": lab.Float(p.task.Topic), "flags": lab.Float(p.info.Numbers["flags"]), "read": lab.Float(len(p.reading.Entries))}}
	if m.store != nil {
		ep.Memory = lab.Float(m.store.Len())
	}
	if ep.Why == "" { // the prompt filled the actor's context
		ep.Why = lab.EndHorizon
	}
	return ep
}
