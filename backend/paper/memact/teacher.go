package memact

import (
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world/hop"
)

// habits are the faults of a teacher, each the chance that a decision has it. Without any the teacher is the oracle.
type habits struct {
	Lazy   float64 // a memory action that is due is left out
	Forget float64 // its memory text keeps the newest fact alone
	Wrong  float64 // it leaves one of the records standing that it could have named
}

// teacher acts by rule: it searches for one question after the other, and prunes what it found when due outputs stand in the context and
// something is left to search for. It goes on with the questions as if nothing were ever forgotten, and names at the end what stands in its context.
type teacher struct {
	due    int // outputs of finished questions that make a memory action due
	habits habits
	draw   *rng.Stream
	next   int // question to search for
	lazy   int // outputs that stood in the context when it last left an action out
}

// act is the next action at a desk.
func (t *teacher) act(d *desk) string {
	questions := d.quest.Questions()
	for t.next < len(questions) {
		if _, _, ok := t.missing(d, t.next); ok {
			break
		}
		t.next++
	}
	done := t.finished(d)
	if d.tool && len(done) >= t.due && t.next < len(questions) && len(done) > t.lazy {
		if !t.draw.Bool(t.habits.Lazy) {
			t.lazy = 0
			return t.prune(d, done)
		}
		t.lazy = len(done)
	}
	if t.next < len(questions) {
		step, slot, _ := t.missing(d, t.next)
		return findCall(slot, step.Key())
	}
	return t.answer(d)
}

// missing is the first search that a question needs and that has not been made with success in this episode.
func (t *teacher) missing(d *desk, question int) (f hop.Fact, slot string, ok bool) {
	for _, f := range d.quest.Questions()[question].Steps {
		if _, found := d.quest.Found(f); !found {
			return f, slotWords()[question], true
		}
	}
	return f, slotWords()[question], false
}

// finished are the places of the outputs in the context that no search to come needs.
func (t *teacher) finished(d *desk) (places []int) {
	for i := range d.h.records {
		if d.h.records[i].Kind != findRecord {
			continue
		}
		if q, _ := d.quest.Used(output(d, d.h.records[i].ID)); q < t.next {
			places = append(places, i)
		}
	}
	return places
}

// output is the world's search result of that id.
func output(d *desk, id string) hop.Output {
	for _, o := range d.quest.Outputs() {
		if o.ID == id && id != "" {
			return o
		}
	}
	return hop.Output{}
}

// prune writes the memory action: the answers that the named records tell, and their ids.
func (t *teacher) prune(d *desk, places []int) string {
	var facts []said
	var ids []string
	for _, i := range places {
		o := output(d, d.h.records[i].ID)
		if q, answer := d.quest.Used(o); answer {
			facts = append(facts, said{slotWords()[q], o.Facts[0].Is})
		}
		ids = append(ids, o.ID)
	}
	if len(facts) > 1 && t.draw.Bool(t.habits.Forget) {
		facts = facts[len(facts)-1:]
	}
	if len(ids) > 1 && t.draw.Bool(t.habits.Wrong) {
		ids = ids[1:]
	}
	if len(facts) == 0 {
		facts = []said{{slotWords()[max(t.next-1, 0)], hop.Unknown}}
	}
	return pruneCall(facts, ids)
}

// answer names what the context tells about each question, and an entity by chance for one of which it tells nothing.
func (t *teacher) answer(d *desk) string {
	known := d.known()
	var facts []said
	for i := range d.quest.Questions() {
		value, ok := known[slotWords()[i]]
		if !ok {
			entities := hop.Entities()
			value = entities[t.draw.IntN(len(entities))]
		}
		facts = append(facts, said{slotWords()[i], value})
	}
	return answerCall(facts)
}

// known is what the records in the context tell about the questions, by letter: memory texts and search results.
func (d *desk) known() map[string]string {
	known := map[string]string{}
	for i := range d.h.records {
		r := &d.h.records[i]
		switch r.Kind {
		case findRecord:
			o := output(d, r.ID)
			if q, answer := d.quest.Used(o); answer {
				known[slotWords()[q]] = o.Facts[0].Is
			}
		case pruneRecord:
			for _, s := range pairs(fields(parseCall(r.Call).Text)) {
				known[s.Slot] = s.Value
			}
		}
	}
	return known
}
