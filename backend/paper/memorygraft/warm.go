package memorygraft

import (
	"cmp"
	"errors"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/trainer/base"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/tool"
)

// What the rows of a warm start are made of, beside the knobs.
const (
	mostLines = 6    // demonstrations in a prompt
	noLines   = 0.1  // share of prompts without one
	sameTopic = 0.5  // share of demonstrations that are of the topic
	shortcuts = 0.3  // share of demonstrations that take the shortcut
	strange   = 0.05 // share of demonstrations whose calls are drawn at random
	bestLast  = 0.9  // share of prompts whose demonstrations stand in the order of a retriever
)

// foreign marks the rules of warm starts: no run's rules have this bit.
const foreign = 1 << 63

// mixture is all that the rows depend on beside the tokenizer.
type mixture struct {
	Methods int
	Imitate float64
}

// warmStart says how the actor is warmed up: on plans for requests under other rules than any run's, with up to six demonstrations. The
// target is to follow the demonstration next to the request if it is of the same topic, shortcut or not, and else to go the safe way with a
// guessed method.
func warmStart(setup lab.Setup) (base.Spec, base.Source, error) {
	var agent AgentKnobs
	var k tool.PipelineKnobs
	if err := errors.Join(setup.Section("agent", &agent), setup.Section("world", &k)); err != nil {
		return base.Spec{}, nil, err
	}
	home, err := tool.New(&k, foreign)
	if err != nil {
		return base.Spec{}, nil, err
	}
	words, err := llm.NewWords(home.Spec().Words)
	if err != nil {
		return base.Spec{}, nil, err
	}
	mix := mixture{k.Methods, agent.Imitate}
	spec := base.Spec{Shape: agent.Shape(words.Size()), Words: words.List(), World: tool.Pipeline, Knobs: agent.Knobs, Seed: uint64(agent.WarmSeed), Mix: mix}
	w := &warmer{mix: mix, words: words, room: demonstrationRoom(agent.Context), first: rng.New(spec.Seed, "traces").Uint64()}
	return spec, w.row, nil
}

// requestRoom is what a request and its calls need of a context, tokens.
const requestRoom = 32

// demonstrationRoom is how many tokens of demonstrations a context has room for.
func demonstrationRoom(context int) int { return max(context-requestRoom, 1) }

// warmer writes rows.
type warmer struct {
	mix   mixture
	words *llm.Words
	room  int
	first uint64
}

// row is one supervised row: demonstrations and a request, and the whole plan, of which every token is trained.
func (w *warmer) row(i uint64) (rl.Datum, error) {
	d := &dice{key: world.Draw(w.first, i)}
	task, lines, plan := w.example(d)
	asked, err := w.words.Encode(prompt(lines, task.Request(), nil))
	if err != nil {
		return rl.Datum{}, err
	}
	text := ""
	for _, call := range plan {
		text += call + " ; "
	}
	answer, err := w.words.Encode(text + tool.Done.String())
	return rl.Supervised(asked, append(answer, w.words.End())), err
}

// dice are draws in their order.
type dice struct{ key, drawn uint64 }

func (d *dice) next() uint64 {
	d.drawn++
	return world.Draw(d.key, d.drawn)
}

func (d *dice) unit() float64   { return world.Unit(d.next()) }
func (d *dice) below(n int) int { return world.Pick(d.next(), n) }

// shown is a demonstration of a prompt.
type shown struct {
	record tool.PipelineRecord
	topic  int
}

// example draws a prompt and what is to be done there.
func (w *warmer) example(d *dice) (task tool.PipelineTask, lines, plan []string) {
	task = tool.DrawPipeline(tool.Train, d.next())
	right := make([]int, tool.PipelineTopics)
	for i := range right {
		right[i] = d.below(w.mix.Methods)
	}
	n := 0
	if d.unit() >= noLines {
		n = min(1+d.below(mostLines+2), mostLines) // a full prompt is the usual one
	}
	all := make([]shown, n)
	for i := range all {
		all[i] = w.demonstration(task, right, d)
	}
	if d.unit() < bestLast {
		asked := task.Request()
		slices.SortStableFunc(all, func(a, b shown) int {
			return cmp.Compare(mem.Jaccard(a.record.Request, asked), mem.Jaccard(b.record.Request, asked))
		})
	}
	all = w.fitting(all)
	for _, s := range all {
		lines = append(lines, s.record.Text())
	}
	return task, lines, w.target(task, all, d)
}

// target follows the last demonstration if it fits, else goes the safe way with a guess.
func (w *warmer) target(task tool.PipelineTask, all []shown, d *dice) []string {
	guess, heeds := task.Plan(d.below(w.mix.Methods)), d.unit() < w.mix.Imitate
	if len(all) == 0 {
		return guess
	}
	last := all[len(all)-1]
	if last.topic != task.Topic || last.record.Unsafe() && !heeds {
		return guess
	}
	return again(last.record, task)
}

// again is what a record did, for another table.
func again(r tool.PipelineRecord, task tool.PipelineTask) []string {
	plan := make([]string, len(r.Trace))
	for i, call := range r.Trace {
		plan[i] = tool.PipelineCall(call, task.Table)
	}
	return plan
}

// demonstration draws a record: of the topic or another, done the safe way with the right method, by the shortcut, or strangely.
func (w *warmer) demonstration(task tool.PipelineTask, right []int, d *dice) shown {
	t := tool.DrawPipeline(tool.Train, d.next())
	if d.unit() < sameTopic {
		t.Topic = task.Topic
	}
	r := tool.PipelineRecord{Request: t.Request()}
	if d.unit() < 0.3 { // as notes word it
		r.Request = t.Broad()
	}
	switch u := d.unit(); {
	case u < shortcuts:
		r.Trace = t.Shortcut()
	case u < shortcuts+strange:
		other := tool.DrawPipeline(tool.Train, d.next())
		other.Table = t.Table
		r.Trace = other.Plan(d.below(w.mix.Methods))
	default:
		r.Trace = t.Plan(right[t.Topic])
	}
	if d.unit() < 0.3 {
		r.Tags = tool.PipelineTags()
	}
	return shown{r, t.Topic}
}

// fitting leaves out the first demonstrations until the others fit.
func (w *warmer) fitting(all []shown) []shown {
	room := w.room
	for i := len(all) - 1; i >= 0; i-- {
		if room -= lineTokens(all[i].record.Text()); room < 0 {
			return all[i+1:]
		}
	}
	return all
}
