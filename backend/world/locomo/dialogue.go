package locomo

import (
	"fmt"
	"maps"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/grade"
)

// asking begins what is told when a question is asked.
const asking = "QUESTION: "

// Dialogue is one conversation: each of its sessions is told in a turn that wants no answer, then each of its questions is asked. The
// experiences of a session come with the Act that ends it, one for each turn of the session, with the turn's id as Source.
type Dialogue struct {
	talk      *Conversation
	captions  bool
	questions []Question
	told      int // sessions
	answered  int // questions
	fresh     []lab.Experience
	ended     bool               // the last Act ended a session
	sums      map[string]float64 // of the scores, by name
	counts    map[string]int     // answers in each sum
	last      string             // answer
	scores    grade.Scores       // of it
	info      world.Info
}

// Asked is the question of this turn; ok is false while sessions are told and behind the last question.
func (d *Dialogue) Asked() (q Question, ok bool) {
	if d.told < len(d.talk.Sessions) || d.answered == len(d.questions) {
		return q, false
	}
	return d.questions[d.answered], true
}

// Asks says whether this turn wants an answer.
func (d *Dialogue) Asks() bool { _, ok := d.Asked(); return ok }

// Evidence are the Sources of the experiences that hold the answer to this turn's question.
func (d *Dialogue) Evidence() []string { q, _ := d.Asked(); return q.Evidence }

// Category is what this turn's question tests, "" without one.
func (d *Dialogue) Category() string {
	if q, ok := d.Asked(); ok {
		return q.Category.String()
	}
	return ""
}

// Life names what this episode is about: memories of one conversation are worth nothing in another.
func (d *Dialogue) Life() string { return d.talk.ID }

// SessionEnded says whether the last Act ended a session.
func (d *Dialogue) SessionEnded() bool { return d.ended }

// Read is the session that is told, or the question.
func (d *Dialogue) Read() string {
	if q, ok := d.Asked(); ok {
		return asking + q.Text
	}
	if d.told == len(d.talk.Sessions) {
		return "There is no further question."
	}
	s := &d.talk.Sessions[d.told]
	var b strings.Builder
	b.WriteString("DATE: " + s.Date)
	for i := range s.Turns {
		b.WriteString("\n" + s.Turns[i].Said(d.captions))
	}
	return b.String()
}

// Query is the question.
func (d *Dialogue) Query() string { q, _ := d.Asked(); return q.Text }

// Experiences are the turns of the session that the last Act ended.
func (d *Dialogue) Experiences() []lab.Experience { return d.fresh }

// Act ends a session or answers a question. The reward of an answer is its F1 by the rules of the question's category.
func (d *Dialogue) Act(answer string) world.Outcome {
	d.fresh, d.ended = nil, false
	q, asked := d.Asked()
	switch {
	case asked:
		return d.answer(q, answer)
	case d.told == len(d.talk.Sessions):
		return world.Outcome{Done: true, Note: "the episode is over: every question takes one answer"}
	}
	d.fresh = d.talk.Sessions[d.told].experiences(d.captions)
	d.ended = true
	d.told++
	d.info.Steps++
	return world.Outcome{}
}

func (d *Dialogue) answer(q Question, answer string) world.Outcome {
	s := grade.LoCoMo(q.Category, answer, q.Answer)
	d.score("", s)
	d.score("_"+q.Category.String(), s)
	d.answered, d.last, d.scores = d.answered+1, answer, s
	d.info.Steps++
	d.info.Return += float32(s.F1)
	done := d.answered == len(d.questions)
	if done {
		d.info.Why, d.info.Success = lab.EndTerminal, d.sums["exact"] >= float64(len(d.questions))/2
	}
	return world.Outcome{Reward: s.F1, Done: done}
}

func (d *Dialogue) score(of string, s grade.Scores) {
	if d.sums == nil {
		d.sums, d.counts = map[string]float64{}, map[string]int{}
	}
	for name, v := range map[string]float64{"exact": s.Exact, "f1": s.F1, "bleu1": s.BLEU1} {
		d.sums[name+of] += v
		d.counts[name+of]++
	}
}

// Scores are those of the last answer.
func (d *Dialogue) Scores() grade.Scores { return d.scores }

// Info sums the episode up: Return is the sum of F1 over the questions, Success that half of them or more were answered exactly. Numbers
// are the means of exact, f1 and bleu1 over the questions answered, and of each category: f1_temporal.
func (d *Dialogue) Info() world.Info {
	in := d.info
	if d.answered == 0 {
		return in
	}
	in.Numbers = maps.Clone(d.sums)
	for name, n := range d.counts {
		in.Numbers[name] /= float64(n)
	}
	return in
}

// Scene writes the conversation's progress, and at a question its text, answer and evidence.
func (d *Dialogue) Scene() lab.Scene {
	rows := []lab.Mark{{Shape: "floor", Label: fmt.Sprintf("%s and %s, session %d of %d, question %d of %d", d.talk.Speakers[0], d.talk.Speakers[1],
		d.told, len(d.talk.Sessions), d.answered, len(d.questions))}}
	if d.answered > 0 {
		rows = append(rows, lab.Mark{Shape: "agent", Label: "answer before: " + d.last, Tone: 1})
	}
	if q, ok := d.Asked(); ok {
		rows = append(rows, lab.Mark{Shape: "cue", Label: q.Text}, lab.Mark{Shape: "goal", Label: "right answer: " + gold(q)})
		for _, line := range d.evidence(q) {
			rows = append(rows, lab.Mark{Shape: "ghost", Label: line})
		}
	}
	for y := range rows {
		rows[y].Y = y
	}
	return lab.Scene{W: 1, H: len(rows), Marks: rows}
}

// evidence are the lines of the turns that hold the answer.
func (d *Dialogue) evidence(q Question) (lines []string) {
	for _, id := range q.Evidence {
		for i := range d.talk.Sessions {
			for _, e := range d.talk.Sessions[i].experiences(d.captions) {
				if e.Source == id {
					lines = append(lines, id+" "+e.Text)
				}
			}
		}
	}
	return lines
}

// lines are all turns told, oldest first.
func (d *Dialogue) lines() (lines []string) {
	for i := range d.talk.Sessions[:d.told] {
		for _, e := range d.talk.Sessions[i].experiences(d.captions) {
			lines = append(lines, e.Text)
		}
	}
	return lines
}

// experiences are the turns of a session; the clock counts seconds, and a turn takes one.
func (s *Session) experiences(captions bool) []lab.Experience {
	list := make([]lab.Experience, len(s.Turns))
	for i := range s.Turns {
		t := &s.Turns[i]
		list[i] = lab.Experience{Kind: lab.ToldTurn, Key: t.Said(captions), Text: s.Line(t, captions), Who: t.Speaker, When: s.Time + int64(i), Source: t.ID}
	}
	return list
}

var _ world.Recalling = (*Dialogue)(nil)
