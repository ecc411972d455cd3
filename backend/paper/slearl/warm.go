package slearl

import (
	"errors"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/trainer/base"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/house"
)

// mixture is what the rows of a warm start are made of.
type mixture struct {
	World house.Knobs
	Right float64 // share of right hints
	Slip  float64 // share of steps that are a guess
}

const (
	warmSlack = 4    // turns beyond the shortest way in the traces, so that guesses can be made good
	slotUsed  = 0.75 // share of the slots of a prompt that hold a hint
	ofStep    = 0.6  // share of hints about the present step, of other steps of the task and of other tasks half of the rest each
	asWarning = 0.2  // share of hints that warn
	asTold    = 0.25 // share of hints in the world's own words: works, fails
)

// warmStart says how the model of a set-up is warmed up: on the oracle's answers at single steps under rules that are drawn anew for every
// row, so that none of them can be learned by heart, with hints of which a share is right.
func warmStart(setup lab.Setup) (base.Spec, base.Source, error) {
	var agent AgentKnobs
	var mix mixture
	if err := errors.Join(setup.Section("agent", &agent), setup.Section("world", &mix.World)); err != nil {
		return base.Spec{}, nil, err
	}
	mix.Right, mix.Slip = agent.Right, agent.Slip
	mix.World.Slack = max(mix.World.Slack, warmSlack)
	h, err := house.New(mix.World, 0)
	if err != nil {
		return base.Spec{}, nil, err
	}
	words, err := llm.NewWords(h.Spec().Words)
	if err != nil {
		return base.Spec{}, nil, err
	}
	w := &warmer{mix: mix, house: h, words: words, classes: house.Classes(), materials: house.Materials()}
	for noun, class := range w.classes {
		w.nouns = append(w.nouns, [2]string{noun, class})
	}
	slices.SortFunc(w.nouns, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	spec := base.Spec{Shape: agent.Shape(words.Size()), Words: words.List(), World: house.Name, Knobs: agent.Knobs, Seed: uint64(agent.WarmSeed), Mix: mix}
	first := rng.New(spec.Seed, "traces").Uint64()
	return spec, func(i uint64) (rl.Datum, error) { return w.row(world.Draw(first, i)) }, nil
}

// warmer writes rows.
type warmer struct {
	mix       mixture
	house     *house.World
	words     *llm.Words
	classes   map[string]string
	materials []string
	nouns     [][2]string // with their classes, sorted
}

// dice are the draws of one row.
type dice struct{ key, drawn uint64 }

func (d *dice) bits() uint64 {
	d.drawn++
	return world.Draw(d.key, d.drawn-1)
}

func (d *dice) chance(share float64) bool { return world.Unit(d.bits()) < share }
func (d *dice) below(n int) int           { return world.Pick(d.bits(), n) }

// row is one supervised row: hints, an observation, and the oracle's answer with the end token, which is trained.
func (w *warmer) row(key uint64) (rl.Datum, error) {
	d := &dice{key: key}
	h := w.house.Ruled(d.bits())
	at, err := w.situation(h, d)
	if err != nil {
		return rl.Datum{}, err
	}
	var hints []string
	for range hintSlots {
		if d.chance(slotUsed) {
			if hint := w.hint(h, at, d); hint != "" {
				hints = append(hints, hint)
			}
		}
	}
	asked, err := w.words.Encode(prompt(hints, at.saw))
	if err != nil {
		return rl.Datum{}, err
	}
	said, err := w.words.Encode(at.answer)
	if err != nil {
		return rl.Datum{}, err
	}
	return rl.Supervised(asked, append(said, w.words.End())), nil
}

// situation is one step of an episode with the oracle's answer.
type situation struct {
	task                 house.Task
	clock                uint64
	saw, subject, answer string
}

// situation plays an episode in which some steps are guesses and picks one of its steps.
func (w *warmer) situation(h *house.World, d *dice) (situation, error) {
	clock := d.bits() >> 11
	played, err := h.Start(house.Train, clock)
	if err != nil {
		return situation{}, err
	}
	oracle, err := h.Reference(world.Oracle, 0)
	if err != nil {
		return situation{}, err
	}
	guess, err := h.Reference(world.MemoryFree, d.bits())
	if err != nil {
		return situation{}, err
	}
	task, _ := house.TaskOf(played)
	var all []situation
	for {
		s := situation{task: task, clock: clock, saw: played.Read(), answer: oracle.Answer(played)}
		if about, ok := played.(house.Subject); ok {
			s.subject = about.Subject()
		}
		all = append(all, s)
		said := s.answer
		if d.chance(w.mix.Slip) {
			said = guess.Answer(played)
		}
		if played.Act(said).Done {
			return all[d.below(len(all))], nil
		}
	}
}

// hint is a line about the step, the task or another task, right in a share of cases; "" where there is none to give.
func (w *warmer) hint(h *house.World, at situation, d *dice) string {
	task, clock := at.task, at.clock
	about := at.subject
	switch {
	case d.chance(ofStep):
	case d.chance(0.5):
		about = ""
	default:
		about, clock = "", d.bits()>>11
		if other, err := h.Start(house.Train, clock); err == nil {
			task, _ = house.TaskOf(other)
		}
	}
	if !d.chance(w.mix.Right) {
		h = h.Ruled(d.bits())
	}
	warn := d.chance(asWarning)
	if warn { // what holds under other rules is what to warn of; where these say the same, the warning is wrong
		h = h.Ruled(d.bits())
	}
	var lines []string
	for _, line := range factLines(h.Facts(task, clock)) {
		if about == "" || strings.HasPrefix(line, about+" : ") {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return ""
	}
	return w.phrase(lines[d.below(len(lines))], warn, d)
}

// factLines are facts without "works", each with a thing as its subject: a switch is told with the thing whose appliance needs it.
func factLines(facts []string) []string {
	lines := make([]string, len(facts))
	for i, f := range facts {
		lines[i] = strings.TrimSuffix(f, " works")
		if subject, action, _ := strings.Cut(lines[i], " : "); !strings.Contains(subject, " ") && i+1 < len(facts) {
			next, _, _ := strings.Cut(facts[i+1], " : ")
			lines[i] = next + " : " + action
		}
	}
	return lines
}

// phrase says a line in one of the ways in which memories do: of this thing, of another one for which it holds as well, of the class, of the
// material alone.
func (w *warmer) phrase(line string, warn bool, d *dice) string {
	subject, action, _ := strings.Cut(line, " : ")
	words := strings.Fields(subject)
	if n := len(words); n >= 2 && w.classes[words[n-1]] != "" {
		noun, put := words[n-1], strings.HasPrefix(action, "put ")
		switch d.below(5) {
		case 0, 1:
			words[n-1] = w.another(noun, put, d)
			if put {
				words[n-2] = w.materials[d.below(len(w.materials))]
			}
		case 2:
			if words[n-1] = w.classes[noun]; put {
				words = slices.Delete(words, n-2, n-1)
			}
		case 3:
			if !put {
				words = words[:n-1]
			}
		}
	}
	told := d.chance(asTold)
	switch {
	case told && warn:
		action += " fails"
	case told:
		action += " works"
	case warn:
		action = "not " + action
	}
	return strings.Join(words, " ") + " : " + action
}

// another noun: of the same class for what hangs on the class.
func (w *warmer) another(noun string, sameClass bool, d *dice) string {
	for {
		other := w.nouns[d.below(len(w.nouns))]
		if !sameClass || other[1] == w.classes[noun] {
			return other[0]
		}
	}
}
