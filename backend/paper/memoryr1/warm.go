package memoryr1

import (
	"errors"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/trainer/base"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/chat"
)

// mixture is what the traces of a warm start are made of.
type mixture struct {
	World                       chat.Knobs
	Habit, Noise                float64
	Distract, WrongPick, Answer float64
	Capacity, Shown             int
	Clean                       float64
	Order                       string
}

// The bank and the number of entries that traces are made with: those of the defaults, whatever an arm changes, so that all arms of a
// notebook share one warm start.
const (
	traceCapacity = 10
	traceShown    = 4
	traceMost     = 14 // most candidates of an answer's trace
	// cleanBanks is the share of the manager's traces whose bank the oracle wrote up to the decision: under the habit alone lists would
	// never grow, and no trace would show how a long one is merged.
	cleanBanks = 0.6
)

// warmStart says how the model of a set-up is warmed up: on fresh traces of both roles. The manager's traces do what the oracle does, or
// what a prompted manager is known to do, or something at random; what they write is right in all of them. The answer agent's traces
// select the right entries, or are distracted by the newest one about the same attribute, or select anything.
func warmStart(setup lab.Setup) (base.Spec, base.Source, *tracer, error) {
	var agent AgentKnobs
	if err := setup.Section("agent", &agent); err != nil {
		return base.Spec{}, nil, nil, err
	}
	w, err := newTalker(setup)
	if err != nil {
		return base.Spec{}, nil, nil, err
	}
	words, err := newWords(w.words())
	if err != nil {
		return base.Spec{}, nil, nil, err
	}
	mix := mixture{w.knobs, agent.Habit, agent.Noise, agent.Distract, agent.WrongPick, agent.Answers, traceCapacity, traceShown, cleanBanks, agent.Order}
	spec := base.Spec{Shape: agent.Shape(words.Size()), Words: words.List(), World: w.name(), Knobs: agent.warm(), Seed: uint64(agent.WarmSeed), Mix: mix}
	t := &tracer{mix: mix, world: w, words: words, first: rng.New(spec.Seed, "traces").Uint64()}
	return spec, t.row, t, nil
}

// tracer writes traces.
type tracer struct {
	mix   mixture
	world talker
	words *llm.Words
	first uint64
}

// seed is that of trace i.
func (t *tracer) seed(i uint64) uint64 { return world.Draw(t.first, i) >> 11 }

// row is supervised row i, of either role.
func (t *tracer) row(i uint64) (rl.Datum, error) {
	seed := t.seed(i)
	draw := rng.New(seed, "trace")
	if draw.Bool(t.mix.Answer) {
		return t.answer(seed, role(draw.Bool(0.5)), draw)
	}
	return t.manage(seed, draw)
}

// manages is row i of the manager alone.
func (t *tracer) manages(i uint64) (rl.Datum, error) {
	seed := t.seed(i)
	return t.manage(seed, rng.New(seed, "trace"))
}

// answering gives rows of the answer agent alone, in one of its roles.
func (t *tracer) answering(selecting bool) base.Source {
	return func(i uint64) (rl.Datum, error) {
		seed := t.seed(i)
		return t.answer(seed, role(selecting), rng.New(seed, "trace"))
	}
}

// manage is a row of the manager: one decision in the middle of a conversation whose bank the same mixture wrote.
func (t *tracer) manage(seed uint64, draw *rng.Stream) (rl.Datum, error) {
	said, err := t.world.talk(splitTrain, seed)
	if err != nil {
		return rl.Datum{}, err
	}
	n := 0
	for _, turn := range said.Turns {
		n += len(turn.News)
	}
	if n == 0 {
		return rl.Datum{}, lab.Errorf(lab.Internal, "conversation %d tells no fact", seed)
	}
	var bank shelf
	var shown []line
	var ops []operation
	var news fact
	left := draw.IntN(n) + 1
	clean := draw.Bool(cleanBanks)
	for now, turn := range said.Turns {
		for _, f := range turn.News {
			if left == 0 {
				break
			}
			news, shown = f, top(bank.Lines, t.world.text(f), now, t.mix.Shown)
			who := t.habit(draw)
			if left--; clean && left > 0 {
				who = OracleManager
			}
			ops = decide(who, f, shown, t.world, draw)
			bank = bank.apply(shown, ops, now, t.mix.Capacity)
		}
	}
	return t.encode(managerPrompt(shown, t.world.text(news)), script(ops))
}

// habit is who makes a decision of a trace.
func (t *tracer) habit(draw *rng.Stream) string {
	switch u := draw.Float64(); {
	case u < t.mix.Habit:
		return DeleteThenAdd
	case u < t.mix.Habit+t.mix.Noise:
		return RandomManager
	}
	return OracleManager
}

// answer is a row of the answer agent: a question at the end of a conversation, among entries of others.
func (t *tracer) answer(seed uint64, who string, draw *rng.Stream) (rl.Datum, error) {
	said, err := t.world.talk(splitTrain, seed)
	if err != nil {
		return rl.Datum{}, err
	}
	others, err := t.world.talk(splitTrain, world.Draw(seed, 1)>>11)
	if err != nil {
		return rl.Datum{}, err
	}
	lines, now := t.bank(said, draw)
	strange, _ := t.bank(others, draw)
	holds := said.Turns[now].Holds
	f := holds[draw.IntN(len(holds))]
	question := said.ask(f.key, now).text
	k := 2 + draw.IntN(traceMost-1)
	shown := arranged(candidates(lines, strange, question, now, k, k*2/3), t.mix.Order)
	return t.encode(answerPrompt(who, shown, question), t.answers(f, shown, draw).script(who))
}

// bank lets a manager drawn for the whole conversation write a bank.
func (t *tracer) bank(said *talk, draw *rng.Stream) ([]line, int) {
	var kept shelf
	policy := []string{OracleManager, OracleManager, DeleteThenAdd, AddAll}[draw.IntN(4)]
	for i, turn := range said.Turns {
		for _, f := range turn.News {
			shown := top(kept.Lines, t.world.text(f), i, t.mix.Shown)
			kept = kept.apply(shown, decide(policy, f, shown, t.world, draw), i, t.mix.Capacity)
		}
	}
	return kept.Lines, len(said.Turns) - 1
}

// answers is what the trace says to a question about f: all entries of the key and what they hold together; or, by habit, the newest entry
// about the same attribute, whoever's it is; or any entry.
func (t *tracer) answers(f fact, shown []line, draw *rng.Stream) answered {
	if len(shown) > 0 && draw.Bool(t.mix.WrongPick) {
		return t.from(1+draw.IntN(len(shown)), shown)
	}
	if slot := t.distracting(f, shown); slot > 0 && draw.Bool(t.mix.Distract) {
		return t.from(slot, shown)
	}
	return together(f, shown, t.world)
}

// from answers from one entry alone.
func (t *tracer) from(slot int, shown []line) answered {
	e, _ := t.world.parse(shown[slot-1].Text)
	return answered{Picked: []int{slot}, Values: e.Values}
}

// distracting is the place of the newest entry about the attribute of f, from 1; 0 where there is none.
func (t *tracer) distracting(f fact, shown []line) (slot int) {
	for i, l := range shown {
		if e, ok := t.world.parse(l.Text); ok && e.What == f.What && (slot == 0 || l.When > shown[slot-1].When) {
			slot = i + 1
		}
	}
	return slot
}

// together answers as well as the entries allow: what holds of the key when they are read from the oldest to the newest.
func together(f fact, shown []line, w talker) answered {
	var of []int
	for i, l := range shown {
		if e, ok := w.parse(l.Text); ok && e.key == f.key {
			of = append(of, i)
		}
	}
	slices.SortStableFunc(of, func(a, b int) int { return shown[a].When - shown[b].When })
	var a answered
	var holds fact
	for _, i := range of {
		e, _ := w.parse(shown[i].Text)
		if holds = holds.after(e); e.Op == chat.Set {
			a.Picked = nil // what stood before it counts no longer
		}
		a.Picked = append(a.Picked, i+1)
	}
	a.Values = holds.Values
	return a
}

// encode makes the row of a prompt and what is to follow, end token and all.
func (t *tracer) encode(prompt, said string) (rl.Datum, error) {
	ids, err := t.words.Encode(prompt)
	wrote, failed := t.words.Encode(said)
	if err := errors.Join(err, failed); err != nil {
		return rl.Datum{}, err
	}
	return rl.Supervised(ids, append(wrote, t.words.End())), nil
}

// candidates are the entries that an answer agent sees: of its own conversation and of others, the best first. strangers are so many of
// the others', as far as they go.
func candidates(own, others []line, question string, now, k, strangers int) []line {
	strange := top(others, question, now, min(strangers, k))
	all := append(slices.Clone(strange), top(own, question, now, k-len(strange))...)
	return top(all, question, now, k)
}

// arranged puts entries into the order in which an answer agent reads them, here from the last to the first: the best or the newest is
// the first.
func arranged(lines []line, order string) []line {
	if order == BestLast {
		return lines
	}
	lines = slices.Clone(lines)
	slices.SortStableFunc(lines, func(a, b line) int { return b.When - a.When })
	return lines
}
