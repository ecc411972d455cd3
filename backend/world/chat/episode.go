package chat

import (
	"maps"
	"strconv"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// seedBits keeps Info.Seed below 2^53, so that it survives a JavaScript number.
const seedBits = 1<<53 - 1

// episode is the dialogue of both modes: lines are told one after the other, then questions are asked.
type episode struct {
	w     *World
	told  []line
	asked []Question
	at    int // turn
	said  string
	info  world.Info
}

// line is one thing told.
type line struct {
	text  string
	who   string
	day   int
	facts []Fact
}

func (w *World) beginTurns(c *Conversation) *episode {
	e := &episode{w: w, told: make([]line, len(c.Turns)), asked: c.Questions, info: world.Info{Seed: c.Seed & seedBits}}
	for i := range c.Turns {
		t := &c.Turns[i]
		e.told[i] = line{t.Line(), t.Speaker, t.Day, t.Facts}
	}
	return e
}

func (w *World) beginChunks(in *Instance) *episode {
	e := &episode{w: w, told: make([]line, len(in.Chunks)), asked: in.Questions, info: world.Info{Seed: in.Seed & seedBits}}
	for i, ch := range in.Chunks {
		e.told[i] = line{text: ch.Text, day: ch.Number, facts: ch.Facts}
	}
	return e
}

// question is the one that is asked now; nil where something is told.
func (e *episode) question() *Question {
	if i := e.at - len(e.told); i >= 0 && i < len(e.asked) {
		return &e.asked[i]
	}
	return nil
}

// Read is what is told, with its day, or the question.
func (e *episode) Read() string {
	switch q := e.question(); {
	case q != nil:
		return q.Text
	case e.at < len(e.told):
		return e.told[e.at].text
	}
	return e.asked[len(e.asked)-1].Text
}

// Act takes any answer to what is told and grades one to a question: each pays its share of 1, and all of them right are success.
func (e *episode) Act(answer string) world.Outcome {
	if e.info.Why != "" {
		return world.Outcome{Done: true, Note: "the conversation is over"}
	}
	var out world.Outcome
	if q := e.question(); q != nil {
		out.Reward = e.grade(q, answer)
	}
	e.at++
	e.info.Steps++
	if e.at == len(e.told)+len(e.asked) {
		e.info.Why, out.Done = lab.EndTerminal, true
		e.info.Success = e.info.Numbers["exact"] > 1-1e-9
	}
	return out
}

func (e *episode) grade(q *Question, answer string) float64 {
	share := 1 / float64(len(e.asked))
	right := Match(answer, q.Gold)
	if e.said = answer; e.info.Numbers == nil {
		e.info.Numbers = map[string]float64{}
	}
	e.info.Numbers["exact"] += right * share
	e.info.Numbers["f1"] += F1(answer, q.Gold) * share
	e.info.Numbers["asked_"+string(q.Kind)]++
	e.info.Numbers["right_"+string(q.Kind)] += right
	e.info.Return += float32(right * share)
	return right * share
}

// Info sums the episode up: exact and f1 are means over the questions; asked_ and right_ count them by kind.
func (e *episode) Info() world.Info {
	in := e.info
	in.Numbers = maps.Clone(in.Numbers)
	return in
}

// Query is the question, where one is asked.
func (e *episode) Query() string {
	if q := e.question(); q != nil {
		return q.Text
	}
	return ""
}

// Experiences are what was told last (lab.ToldTurn): the turn with its day, or its facts in the words of FactText, as Knobs.Offer says.
func (e *episode) Experiences() []lab.Experience {
	if e.at == 0 || e.at > len(e.told) {
		return nil
	}
	l := &e.told[e.at-1]
	source := strconv.FormatUint(e.info.Seed, 10) + "/" + strconv.Itoa(e.at)
	if e.w.knobs.Offer == OfferTurn {
		return []lab.Experience{{Kind: lab.ToldTurn, Key: l.text, Text: l.text, Who: l.who, When: int64(l.day), Source: source}}
	}
	list := make([]lab.Experience, 0, len(l.facts))
	for _, f := range l.facts {
		if f.Day == 0 && e.w.knobs.Mode == InDialogue {
			f.Day = l.day
		}
		text := FactText(f)
		list = append(list, lab.Experience{Kind: lab.ToldTurn, Key: text, Text: text, Who: l.who, When: int64(l.day), Source: source})
	}
	return list
}

// lines are all that was told so far, in its order.
func (e *episode) lines() []string {
	list := make([]string, min(e.at, len(e.told)))
	for i := range list {
		list[i] = e.told[i].text
	}
	return list
}

// Scene writes the last things told one a row with their kind of mark, the question and what is right.
func (e *episode) Scene() lab.Scene {
	const rows = 12
	s := lab.Scene{W: 3, H: rows + 2}
	from := max(0, min(e.at+1, len(e.told))-rows)
	for y := range min(rows, len(e.told)-from) {
		l := &e.told[from+y]
		s.Marks = append(s.Marks, lab.Mark{Y: y, Shape: "cue", Label: l.text})
		if from+y == e.at {
			s.Marks = append(s.Marks, lab.Mark{X: 1, Y: y, Shape: "agent", Label: "told now"})
		}
		for _, f := range l.facts[:min(1, len(l.facts))] {
			s.Marks = append(s.Marks, lab.Mark{X: 2, Y: y, Shape: "floor", Label: FactText(f)})
		}
	}
	if q := e.question(); q != nil {
		gold := ""
		for _, g := range q.Gold {
			gold += " " + g
		}
		s.Marks = append(s.Marks, lab.Mark{Y: rows, Shape: "agent", Label: q.Text}, lab.Mark{X: 1, Y: rows, Shape: "goal", Label: "right answer:" + gold})
	}
	if e.said != "" {
		s.Marks = append(s.Marks, lab.Mark{Y: rows + 1, Shape: "agent", Label: "answer before: " + e.said})
	}
	return s
}
