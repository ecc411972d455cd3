package jsonl

import (
	"maps"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/grade"
)

// Dialogue is one question. Answered, it brings one experience: the question with the file's answer, and how the answer given did.
type Dialogue struct {
	knobs *Knobs
	item  Item
	given string
	info  world.Info
}

var _ world.Recalling = (*Dialogue)(nil)

// Read is the question.
func (d *Dialogue) Read() string { return d.item.Question }

// Query is the question until it is answered.
func (d *Dialogue) Query() string {
	if d.info.Why != "" {
		return ""
	}
	return d.item.Question
}

// Act grades the answer, 1 for the right one, and ends the episode.
func (d *Dialogue) Act(answer string) world.Outcome {
	if d.info.Why != "" {
		return world.Outcome{Done: true, Note: "the episode is over: the question takes one answer"}
	}
	d.given = answer
	d.info.Steps, d.info.Why = 1, lab.EndTerminal
	d.info.Success = d.knobs.right(d.item, answer)
	if d.info.Success {
		d.info.Return = 1
	}
	s := d.Scores()
	d.info.Numbers = map[string]float64{"exact": s.Exact, "f1": s.F1, "bleu1": s.BLEU1}
	return world.Outcome{Reward: float64(d.info.Return), Done: true}
}

// Experiences are the question with its answer, once it was answered.
func (d *Dialogue) Experiences() []lab.Experience {
	if d.info.Why == "" {
		return nil
	}
	return []lab.Experience{{Kind: lab.OneTask, Key: d.item.Question, Text: line(d.item.Question, d.item.Answer), Scored: true,
		Reward: lab.Float(d.info.Return), Success: d.info.Success}}
}

// Scores are those of the answer given: Exact is 1 where it is right as the world compares answers.
func (d *Dialogue) Scores() grade.Scores {
	return grade.Scores{Exact: float64(d.info.Return), F1: grade.F1(d.given, d.item.Answer), BLEU1: grade.BLEU1(d.given, d.item.Answer)}
}

// Info sums the episode up; exact, f1 and bleu1 are among its numbers.
func (d *Dialogue) Info() world.Info {
	in := d.info
	in.Numbers = maps.Clone(in.Numbers)
	return in
}

// Scene writes the question, the right answer and, once there is one, the answer given.
func (d *Dialogue) Scene() lab.Scene {
	s := lab.Scene{W: 1, H: 3, Marks: []lab.Mark{{Shape: "cue", Label: d.item.Question}, {Y: 1, Shape: "goal", Label: "right answer: " + d.item.Answer}}}
	if d.info.Why != "" {
		tone := 2
		if d.info.Success {
			tone = 1
		}
		s.Marks = append(s.Marks, lab.Mark{Y: 2, Shape: "agent", Label: "answer given: " + d.given, Tone: tone})
	}
	return s
}
