package memrl

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/trainer/base"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/house"
)

// What the rows of a warm start are made of, beside the knobs. The shares are of memories.
const (
	sameTask  = 0.45 // of the very task
	likeTask  = 0.4  // of a task that shares words with it; the others are of any task
	failedRun = 0.35 // of an episode played without knowledge
	mostLines = 3    // in a prompt
	noLines   = 0.1  // share of prompts without memory
	ruleSteps = 0.7  // share of rows whose step hangs on the rules
	strayed   = 0.15 // share of rows behind some steps without knowledge
	bestLast  = 0.9  // share of prompts whose memories stand in the order of a retriever; the others stand in any
	tries     = 12   // to find a task that is alike
	poolTasks = 288  // of the training split, families in turn: every task about one thing is among them
)

// mixture is all that the rows depend on.
type mixture struct {
	World house.Knobs
	Wrong float64
}

// warmStart says how the reader is warmed up: on single steps of the oracle in houses with other rules than any run's, with up to three
// memories in the prompt of which a share comes from a house with other rules again.
func warmStart(setup lab.Setup) (base.Spec, base.Source, error) {
	var agent AgentKnobs
	var mix mixture
	if err := errors.Join(setup.Section("agent", &agent), setup.Section("world", &mix.World)); err != nil {
		return base.Spec{}, nil, err
	}
	mix.Wrong = agent.Wrong
	mix.World.Horizon, mix.World.Slack, mix.World.Families = 14, 1, house.AllFamilies // one reader for all
	words, err := llm.NewWords(house.Words())
	if err != nil {
		return base.Spec{}, nil, err
	}
	spec := base.Spec{Shape: agent.Shape(words.Size()), Words: words.List(), World: house.Name, Knobs: agent.Knobs, Seed: uint64(agent.WarmSeed), Mix: mix}
	home, err := house.New(mix.World, foreign)
	if err != nil {
		return base.Spec{}, nil, err
	}
	pool, err := home.Tasks(house.Train, poolTasks)
	w := &warmer{mix: mix, words: words, home: home, pool: pool, room: memoryRoom(agent.Context), first: rng.New(spec.Seed, "traces").Uint64()}
	return spec, w.row, err
}

// warmer writes rows.
type warmer struct {
	mix   mixture
	words *llm.Words
	home  *house.World // with any rules
	pool  []house.Task
	room  int // tokens of memory
	first uint64
}

// foreign marks the rules of warm starts: no run's rules have this bit.
const foreign = 1 << 63

// row is one supervised row: memories, an observation, and the oracle's action with the end token, which is trained.
func (w *warmer) row(i uint64) (rl.Datum, error) {
	d := &dice{key: world.Draw(w.first, i)}
	home, task := w.home.Ruled(d.next()|foreign), w.task(d)
	lines, err := w.memories(home, task, d)
	if err != nil {
		return rl.Datum{}, err
	}
	lines = fitting(lines, w.room)
	told, action, err := w.step(home, task, d)
	if err != nil {
		return rl.Datum{}, err
	}
	asked, err := w.words.Encode(prompt(lines, told))
	if err != nil {
		return rl.Datum{}, err
	}
	answer, err := w.words.Encode(action)
	return rl.Supervised(asked, append(answer, w.words.End())), err
}

// prompt is what the reader sees: lines of memory, the best last, and the observation.
func prompt(lines []string, told string) string {
	return strings.Join(append(slices.Clone(lines), told), "\n") + "\n"
}

// observationRoom is what an observation and an action need of a context, tokens.
const observationRoom = 60

// memoryRoom is how many tokens of memory a context has room for.
func memoryRoom(context int) int { return max(context-observationRoom, 1) }

// fitting leaves out the first lines until the others fit.
func fitting(lines []string, room int) []string {
	for i := len(lines) - 1; i >= 0; i-- {
		if room -= lineTokens(lines[i]); room < 0 {
			return lines[i+1:]
		}
	}
	return lines
}

// dice are draws in their order.
type dice struct{ key, drawn uint64 }

func (d *dice) next() uint64 {
	d.drawn++
	return world.Draw(d.key, d.drawn)
}

func (d *dice) unit() float64   { return world.Unit(d.next()) }
func (d *dice) below(n int) int { return world.Pick(d.next(), n) }

// memories are the lines of a prompt. Most prompts have the one most like the task last, as a retriever presents them.
func (w *warmer) memories(home *house.World, task house.Task, d *dice) ([]string, error) {
	n := 0
	if d.unit() >= noLines {
		n = min(1+d.below(mostLines+1), mostLines) // a full prompt is the usual one
	}
	others := make([]house.Task, n)
	for i := range others {
		others[i] = w.other(task, d)
	}
	if d.unit() < bestLast {
		slices.SortStableFunc(others, func(a, b house.Task) int {
			return cmp.Compare(mem.Jaccard(a.Sentence, task.Sentence), mem.Jaccard(b.Sentence, task.Sentence))
		})
	}
	lines := make([]string, n)
	for i, of := range others {
		var err error
		if lines[i], err = w.memory(home, of, d); err != nil {
			return nil, err
		}
	}
	return lines, nil
}

func (w *warmer) task(d *dice) house.Task { return w.pool[d.below(len(w.pool))] }

// other draws the task of a memory.
func (w *warmer) other(task house.Task, d *dice) house.Task {
	u := d.unit()
	if u < sameTask {
		return task
	}
	best := w.task(d)
	if u >= sameTask+likeTask {
		return best
	}
	for range tries {
		if t := w.task(d); mem.Jaccard(t.Sentence, task.Sentence) > mem.Jaccard(best.Sentence, task.Sentence) {
			best = t
		}
	}
	return best
}

// memory plays an episode and writes what would be stored of it, in any style.
func (w *warmer) memory(home *house.World, task house.Task, d *dice) (string, error) {
	if d.unit() < w.mix.Wrong {
		home = home.Ruled(d.next() | foreign)
	}
	who := world.Oracle
	if d.unit() < failedRun {
		who = world.MemoryFree
	}
	speaker, err := home.Reference(who, d.next())
	if err != nil {
		return "", err
	}
	e := home.Episode(task, d.next()>>11)
	var told []string
	for {
		told = append(told, e.Read())
		if e.Act(speaker.Answer(e)).Done {
			break
		}
	}
	c, ok := courseOf(e, told, 0)
	if !ok {
		return "", lab.Errorf(lab.Internal, "memrl: an episode of %q ended without an experience of the whole task", task.Sentence)
	}
	style := []string{schemaStyle, literalStyle, truncatedStyle, rawStyle}[d.below(4)]
	return c.write(style).Text, nil
}

// step is an observation on the way of the oracle, or behind some steps without knowledge, and what the oracle does there.
func (w *warmer) step(home *house.World, task house.Task, d *dice) (told, action string, err error) {
	oracle, err := home.Reference(world.Oracle, 0)
	if err != nil {
		return "", "", err
	}
	guesser, err := home.Reference(world.MemoryFree, d.next())
	if err != nil {
		return "", "", err
	}
	e := home.Episode(task, d.next()>>11)
	guesses := 0
	if d.unit() < strayed {
		guesses = 1 + d.below(8)
	}
	type place struct{ told, action string }
	var all, telling []place
	for turn := 0; ; turn++ {
		p := place{e.Read(), oracle.Answer(e)}
		act := p.action
		if turn < guesses {
			act = guesser.Answer(e)
		}
		all = append(all, p)
		if hangsOnRules(p.told, p.action) {
			telling = append(telling, p)
		}
		if e.Act(act).Done {
			break
		}
	}
	if len(telling) > 0 && d.unit() < ruleSteps {
		all = telling
	}
	p := all[d.below(len(all))]
	return p.told, p.action, nil
}

// hangsOnRules tells whether an action follows from the rules and not from what is seen: all that is done with a thing in hand, but for the
// way to the panel.
func hangsOnRules(told, action string) bool {
	return action != "go panel" && !strings.Contains(told, "hold nothing")
}
