package memoryrplus

import (
	"fmt"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// toldEvery is how many updates lie between those of which memory operations go into the record.
const toldEvery = 10

// tell puts one write into the record: which store, why, what it earned, and which stored questions its reward rests on. It is done for the
// first group of every tenth update: all of them would outweigh everything else in a record.
func (m *memory) tell(emit lab.Emitter, q *question, a *answer, p paid, update, group, member int) error {
	if m.knobs.Scheme == R1 || m.knobs.Scheme == Cosine || update%toldEvery != 0 || group > 0 {
		return nil
	}
	bank, at := "failures", &m.Failure
	if p.outcome > 0.5 {
		bank, at = "successes", &m.Success
	}
	id := fmt.Sprintf("%d-%d-%d", update, group, member)
	after := &lab.Entry{ID: id, Type: strings.TrimSuffix(bank, "s"), Text: a.response.Text, Tokens: len(strings.Fields(a.response.Text)), Labels: []string{a.question.Text},
		Numbers: map[string]lab.Float{"exploit": lab.Float(p.exploit), "explore": lab.Float(p.explore), "outcome": lab.Float(p.outcome), "format": lab.Float(p.format)}}
	hits := []lab.Hit{}
	for rank, i := range at.near(a.question, m.knobs.Nearest) {
		f := &at.Shelves[i]
		hits = append(hits, lab.Hit{Entry: f.Question.Text, Rank: rank + 1, Score: lab.Float(dot(a.question.vector, f.Question.vector)), Used: true})
	}
	return emit.Emit(lab.Memory{Op: lab.OpWrite, Bank: bank, T: update, Entry: id, After: after, Size: at.size(), Hits: hits, Query: a.question.Text,
		Reason: fmt.Sprintf("answer %q to a question with answer %d", a.grading.Extracted, q.Answer())})
}
