package delethink

import (
	"strconv"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rl"
)

// bank is the name of the only memory: the text that is carried over a border.
const bank = "carry-over"

// keep puts an attempt into the record: a step for each chunk, with the very tokens that the model had before it, and the carried text as
// a memory of one entry.
func (e *exam) keep(emit lab.Emitter, q question, t *rl.Trajectory, now *count) error {
	now.Episodes++
	id := now.Episodes
	last := len(t.Segments) - 1
	var held *lab.Entry
	for i := range t.Segments {
		if err := e.chunk(emit, q, t, id, i, &held); err != nil {
			return err
		}
	}
	carried := 0
	if last > 0 {
		carried = len(t.Segments[last].Context) - len(q.ids)
	}
	return emit.Emit(lab.Episode{ID: id, Split: "eval", Seed: q.seed, X: int64(now.Updates), Steps: len(t.Segments), Return: lab.Float(t.Reward),
		Success: t.Reward == 1, Why: t.Why, Memory: lab.Float(carried), Context: lab.Float(t.Peak()), Detail: true,
		Numbers: map[string]lab.Float{"tokens": lab.Float(t.Length()), "operations": lab.Float(len(q.Ops))}})
}

// chunk emits what went on in one chunk: the memory that it begins with, what was in sight, and what was written.
func (e *exam) chunk(emit lab.Emitter, q question, t *rl.Trajectory, id int64, i int, held **lab.Entry) error {
	s := &t.Segments[i]
	asked, carried := s.Context[:len(q.ids)], s.Context[len(q.ids):]
	if i > 0 {
		if err := e.remember(emit, carried, id, i, held); err != nil {
			return err
		}
	}
	blocks := []lab.Block{{Name: "task", Tokens: asked, Count: len(asked), Text: words(e.words, asked)}}
	if len(carried) > 0 {
		dropped := 0
		for _, before := range t.Segments[:i] {
			dropped += len(before.Tokens)
		}
		blocks = append(blocks, lab.Block{Name: "memory", Tokens: carried, Count: len(carried), Text: words(e.words, carried),
			Entries: []string{bank}, Dropped: max(0, dropped-len(carried))})
	}
	if err := emit.Emit(lab.Context{Episode: id, T: i, Limit: len(asked) + e.knobs.Chunk, Blocks: blocks}); err != nil {
		return err
	}
	reward, done := 0.0, i == len(t.Segments)-1
	if done {
		reward = t.Reward
	}
	return emit.Emit(lab.Step{Episode: id, T: i, Saw: words(e.words, s.Context), Action: words(e.words, s.Tokens), Reward: lab.Float(reward), Done: done,
		Numbers: map[string]lab.Float{"tokens": lab.Float(len(s.Tokens)), "logprob": lab.Float(mean(s.Logprobs))}, State: floats(s.Logprobs)})
}

// floats are the log-probabilities [T] of what was written, nats: a replay of the same token ids gives them again.
func floats(x []float32) []lab.Float {
	out := make([]lab.Float, len(x))
	for i, v := range x {
		out[i] = lab.Float(v)
	}
	return out
}

// remember emits that the carried text took the place of the one before it.
func (e *exam) remember(emit lab.Emitter, carried []int32, id int64, t int, held **lab.Entry) error {
	after := &lab.Entry{ID: bank, Type: "tail", Text: words(e.words, carried), Tokens: len(carried), Sources: []string{"chunk " + strconv.Itoa(t)}}
	op := lab.OpChange
	if *held == nil {
		op = lab.OpWrite
	}
	ev := lab.Memory{Op: op, Bank: bank, Episode: id, T: t, Entry: bank, Before: *held, After: after, Size: 1, Tokens: len(carried),
		Reason: "the last " + strconv.Itoa(len(carried)) + " tokens of the chunk before; the rest of it is dropped"}
	*held = after
	return emit.Emit(ev)
}

// words shows token ids to a person; they come from the model's own vocabulary.
func words(w *llm.Words, ids []int32) string {
	t, err := w.Decode(ids)
	if err != nil {
		return err.Error()
	}
	return t
}

func mean(x []float32) float64 {
	if len(x) == 0 {
		return 0
	}
	sum := 0.0
	for _, v := range x {
		sum += float64(v)
	}
	return sum / float64(len(x))
}
