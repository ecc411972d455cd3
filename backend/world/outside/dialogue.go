package outside

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// dialogue is one episode of the program. It is bound to the context that it began with: that is what can end a wait inside Act, which has
// none of its own.
type dialogue struct {
	world  *World
	ctx    context.Context
	number int64 // of the episode, for the program
	twin   int64 // of the same episode played beside it; 0 for none
	now    turn
	last   *step // nil before the first answer
	info   world.Info
	err    error
}

// step is an answer and what came of it.
type step struct {
	told, answer string
	world.Outcome
}

// ask puts a question about this episode; made gives the question with an episode's number. Where there is a twin it is asked as well,
// and must answer alike.
func (d *dialogue) ask(verb string, made func(episode int64) any, out func() any) (any, error) {
	got := out()
	if err := d.world.process.Call(d.ctx, verb, made(d.number), got); err != nil {
		return nil, err
	}
	if d.twin == 0 {
		return got, nil
	}
	again := out()
	if err := d.world.process.Call(d.ctx, verb, made(d.twin), again); err != nil {
		return nil, err
	}
	if !reflect.DeepEqual(got, again) {
		return nil, d.world.process.Refuse(verb, "episodes %d and %d began with the same split and seed and got the same answers, but differ: %s and %s",
			d.number, d.twin, shown(got), shown(again))
	}
	return got, nil
}

func (d *dialogue) start(split string) error {
	got, err := d.ask("start", func(n int64) any { return beginning{n, split, d.info.Seed} }, func() any { return new(turn) })
	if err != nil {
		return err
	}
	return d.take("start", *got.(*turn))
}

// take makes a turn the present one, if all its words are words of the world.
func (d *dialogue) take(verb string, t turn) error {
	texts := []string{*t.Told}
	for _, p := range []*string{t.Best, t.Query} {
		if p != nil {
			texts = append(texts, *p)
		}
	}
	for _, e := range t.Experiences {
		texts = append(texts, e.Key, e.Text)
	}
	for _, word := range strings.Fields(strings.Join(texts, " ")) {
		if d.world.words != nil && !d.world.words[word] {
			return d.world.process.Refuse(verb, "the word %q is none of the words that hello named", word)
		}
	}
	if d.world.hello.Oracle && t.Best == nil {
		return d.world.process.Refuse(verb, "best is missing, which hello promised with oracle")
	}
	d.now = t
	return nil
}

// Read implements world.Dialogue.
func (d *dialogue) Read() string { return *d.now.Told }

// Act implements world.Dialogue. What goes wrong with the program ends the episode, and stands in Err.
func (d *dialogue) Act(answer string) world.Outcome {
	if d.info.Why != "" {
		return world.Outcome{Done: true, Note: "the episode is over"}
	}
	o, err := d.act(strings.ToValidUTF8(answer, "�"))
	if err != nil {
		d.err, d.info.Why, d.info.Success = err, lab.EndFailed, false
		return world.Outcome{Done: true, Note: "the outside world failed"}
	}
	return o
}

func (d *dialogue) act(answer string) (world.Outcome, error) {
	got, err := d.ask("act", func(n int64) any { return answered{n, answer} }, func() any { return new(consequence) })
	if err != nil {
		return world.Outcome{}, err
	}
	c := got.(*consequence)
	said := step{*d.now.Told, answer, world.Outcome{Reward: *c.Reward, Done: *c.Done, Note: c.Note}}
	over := *c.Done
	if over && c.Best == nil {
		c.Best = new(string) // nothing is to be said any more
	}
	if err := d.take("act", c.turn); err != nil {
		return world.Outcome{}, err
	}
	d.last = &said
	d.info.Steps++
	d.info.Return += float32(said.Reward)
	if !over && d.info.Steps < d.world.spec.Horizon {
		return said.Outcome, nil
	}
	why := lab.EndHorizon
	if over {
		why = lab.EndTerminal
	}
	said.Done = true
	return said.Outcome, d.sum(why)
}

// sum asks what the episode came to, after which the program may forget it.
func (d *dialogue) sum(why string) error {
	got, err := d.ask("info", func(n int64) any { return ended{n} }, func() any { return new(summary) })
	if err != nil {
		return err
	}
	s := got.(*summary)
	d.info.Why, d.info.Success, d.info.Numbers = why, *s.Success, maps.Clone(s.Numbers)
	if d.info.Numbers == nil {
		d.info.Numbers = map[string]float64{}
	}
	d.info.Numbers["return"] = float64(d.info.Return)
	return nil
}

// Err implements world.Failing.
func (d *dialogue) Err() error { return d.err }

// Info implements world.Dialogue.
func (d *dialogue) Info() world.Info {
	in := d.info
	in.Numbers = maps.Clone(in.Numbers)
	return in
}

// Query implements world.Recalling: what the program says, otherwise what it told.
func (d *dialogue) Query() string {
	if d.now.Query != nil {
		return *d.now.Query
	}
	return *d.now.Told
}

// Experiences implements world.Recalling: those of the program, otherwise the last step and what it paid.
func (d *dialogue) Experiences() []lab.Experience {
	if d.now.Experiences != nil || d.last == nil || d.err != nil {
		return slices.Clone(d.now.Experiences)
	}
	s := d.last
	return []lab.Experience{{
		Kind: lab.OneStep, Key: s.told, Text: s.told + "\n" + s.answer + "\n" + paid(s.Reward), When: int64(d.info.Steps),
		Scored: s.Reward != 0, Reward: lab.Float(s.Reward), Success: s.Reward > 0,
	}}
}

// sceneLines is how many lines of what is told a picture has.
const sceneLines = 12

// Scene writes what is told line by line, then the last answer and what it paid.
func (d *dialogue) Scene() lab.Scene {
	lines := strings.Split(*d.now.Told, "\n")
	lines = lines[:min(len(lines), sceneLines)]
	s := lab.Scene{W: 2, H: len(lines) + 1}
	for y, l := range lines {
		s.Marks = append(s.Marks, lab.Mark{Y: y, Shape: "cue", Label: l})
	}
	if d.last != nil {
		s.Marks = append(s.Marks, lab.Mark{X: 1, Y: s.H - 1, Shape: "agent", Label: "answer given: " + d.last.answer + " (" + paid(d.last.Reward) + ")"})
	}
	return s
}
