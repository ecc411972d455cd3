package locomo

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world/dataset"
	"github.com/loci-lab/loci/backend/world/grade"
)

// dateLayout is how the file writes when a session was, for example 1:56 pm on 8 May, 2023.
const dateLayout = "3:04 pm on 2 January, 2006"

// sessionKey is the name of a session in a conversation.
var sessionKey = regexp.MustCompile(`^session_([1-9][0-9]{0,3})$`)

// Parse reads a file; name is for the errors, which say record, field, what stands there and what is legal. Fields that Loci does not
// use may be there or not.
func Parse(name string, text []byte) (*File, error) {
	var records []json.RawMessage
	if err := json.Unmarshal(text, &records); err != nil {
		if !json.Valid(text) {
			return nil, dataset.Syntax(name, text, 1, err)
		}
		return nil, lab.Errorf(lab.Invalid, "%s holds %s, want a list of conversations", name, dataset.Show(text)).WithHint("import the file locomo10.json as it was released, or give the right layout: loci import-data jsonl FILE")
	}
	if len(records) == 0 {
		return nil, lab.Errorf(lab.Invalid, "%s is an empty list, want at least 1 conversation", name).WithHint("import the file locomo10.json as it was released")
	}
	f := &File{Conversations: make([]Conversation, len(records))}
	for i, raw := range records {
		p := parser{file: name, record: i + 1}
		c, err := p.conversation(raw)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(f.Conversations[:i], func(o Conversation) bool { return o.ID == c.ID }) {
			return nil, p.fault("sample_id", raw, "another than that of the conversations before, "+strconv.Quote(c.ID)+" is taken")
		}
		f.Conversations[i] = *c
	}
	return f, nil
}

// parser reads one record.
type parser struct {
	file   string
	record int
	turns  map[string]bool // ids
}

// fields are the members of a JSON object.
type fields = map[string]json.RawMessage

func (p *parser) fault(field string, found json.RawMessage, want string) error {
	return dataset.Fault(p.file, p.record, field, found, want)
}

func (p *parser) conversation(raw json.RawMessage) (*Conversation, error) {
	var record, talk fields
	if json.Unmarshal(raw, &record) != nil || record == nil {
		return nil, dataset.Fault(p.file, p.record, "(the whole)", raw, "an object with conversation and qa")
	}
	if json.Unmarshal(record["conversation"], &talk) != nil || talk == nil {
		return nil, p.fault("conversation", record["conversation"], "an object with speaker_a, speaker_b, session_1 and so on")
	}
	c := &Conversation{ID: strconv.Itoa(p.record)}
	if id, ok := dataset.Answer(record["sample_id"]); ok {
		c.ID = id
	}
	for i, key := range []string{"speaker_a", "speaker_b"} {
		var ok bool
		if c.Speakers[i], ok = dataset.Text(talk[key]); !ok {
			return nil, p.fault("conversation."+key, talk[key], "the name of a speaker")
		}
	}
	if err := p.sessions(c, talk); err != nil {
		return nil, err
	}
	return c, p.questions(c, record["qa"])
}

// sessions reads session_1, session_2 and so on, in the order of their numbers. A date without a session is left out, as the released file
// has some.
func (p *parser) sessions(c *Conversation, talk fields) error {
	for key := range talk {
		if m := sessionKey.FindStringSubmatch(key); m != nil {
			n, err := strconv.Atoi(m[1])
			if err != nil {
				return lab.Errorf(lab.Internal, "number of %s: %w", key, err)
			}
			c.Sessions = append(c.Sessions, Session{Number: n})
		}
	}
	slices.SortFunc(c.Sessions, func(a, b Session) int { return a.Number - b.Number })
	if len(c.Sessions) == 0 {
		return p.fault("conversation.session_1", nil, "a list of turns")
	}
	p.turns = map[string]bool{}
	for i := range c.Sessions {
		if err := p.session(&c.Sessions[i], talk); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) session(s *Session, talk fields) error {
	field := fmt.Sprintf("conversation.session_%d", s.Number)
	raw := talk[fmt.Sprintf("session_%d_date_time", s.Number)]
	date, ok := dataset.Text(raw)
	at, err := time.Parse(dateLayout, date)
	if !ok || err != nil {
		return p.fault(field+"_date_time", raw, `a time such as "1:56 pm on 8 May, 2023"`)
	}
	s.Date, s.Time = date, at.Unix()
	var turns []json.RawMessage
	raw = talk[fmt.Sprintf("session_%d", s.Number)]
	if json.Unmarshal(raw, &turns) != nil || turns == nil {
		return p.fault(field, raw, "a list of turns")
	}
	for i, raw := range turns {
		t, err := p.turn(fmt.Sprintf("%s[%d]", field, i), raw)
		if err != nil {
			return err
		}
		s.Turns = append(s.Turns, t)
	}
	return nil
}

func (p *parser) turn(field string, raw json.RawMessage) (t Turn, err error) {
	var turn fields
	if json.Unmarshal(raw, &turn) != nil || turn == nil {
		return t, p.fault(field, raw, "an object with speaker, dia_id and text")
	}
	var named, spoke, told bool
	t.ID, named = dataset.Text(turn["dia_id"])
	t.Speaker, spoke = dataset.Text(turn["speaker"])
	told = json.Unmarshal(turn["text"], &t.Text) == nil && turn["text"] != nil
	t.Caption, _ = dataset.Text(turn["blip_caption"])
	switch {
	case !named:
		return t, p.fault(field+".dia_id", turn["dia_id"], `a text such as "D3:5"`)
	case p.turns[t.ID]:
		return t, p.fault(field+".dia_id", turn["dia_id"], "an id that no turn before has")
	case !spoke:
		return t, p.fault(field+".speaker", turn["speaker"], "the name of a speaker")
	case !told || t.Text == "" && t.Caption == "":
		return t, p.fault(field+".text", turn["text"], "what was said")
	}
	p.turns[t.ID] = true
	return t, nil
}

func (p *parser) questions(c *Conversation, raw json.RawMessage) error {
	var all []json.RawMessage
	if json.Unmarshal(raw, &all) != nil || all == nil {
		return p.fault("qa", raw, "a list of questions")
	}
	for i, raw := range all {
		q, err := p.question(fmt.Sprintf("qa[%d]", i), raw)
		if err != nil {
			return err
		}
		c.Questions = append(c.Questions, q)
	}
	return nil
}

func (p *parser) question(field string, raw json.RawMessage) (q Question, err error) {
	var asked fields
	if json.Unmarshal(raw, &asked) != nil || asked == nil {
		return q, p.fault(field, raw, "an object with question, answer, evidence and category")
	}
	var ok bool
	if q.Text, ok = dataset.Text(asked["question"]); !ok {
		return q, p.fault(field+".question", asked["question"], "a text")
	}
	if json.Unmarshal(asked["category"], &q.Category) != nil || !slices.Contains(grade.Categories(), q.Category) {
		return q, p.fault(field+".category", asked["category"], "1, 2, 3, 4 or 5")
	}
	q.Bait, _ = dataset.Answer(asked["adversarial_answer"])
	if q.Answer, ok = dataset.Answer(asked["answer"]); !ok && (q.Category != grade.Adversarial || asked["answer"] != nil) {
		return q, p.fault(field+".answer", asked["answer"], "a text or a number; only questions of category 5 go without")
	}
	return q, p.evidence(&q, field+".evidence", asked["evidence"])
}

// evidence reads the ids of turns. Real files have several in one text, and some that name no turn: those are kept apart and counted.
func (p *parser) evidence(q *Question, field string, raw json.RawMessage) error {
	var texts []string
	if raw == nil || json.Unmarshal(raw, &texts) != nil {
		return p.fault(field, raw, `a list of ids of turns, for example ["D3:5"]`)
	}
	for _, text := range texts {
		for _, id := range strings.FieldsFunc(text, func(r rune) bool { return r == ';' || r == ',' || r == ' ' }) {
			id, known := p.known(id)
			switch list := &q.Evidence; {
			case !known:
				q.Unknown = append(q.Unknown, id)
			case !slices.Contains(*list, id):
				*list = append(*list, id)
			}
		}
	}
	return nil
}

// known looks an id up as it stands, else without noughts before its last number: one file says D30:05 for D30:5.
func (p *parser) known(id string) (string, bool) {
	if p.turns[id] {
		return id, true
	}
	if head, last, ok := strings.Cut(id, ":"); ok {
		if short := head + ":" + strings.TrimLeft(last, "0"); p.turns[short] {
			return short, true
		}
	}
	return id, false
}
