package locomo

import "github.com/loci-lab/loci/backend/world/grade"

// Summary counts what a file holds.
type Summary struct {
	Conversations int            `json:"conversations"`
	Sessions      int            `json:"sessions"`
	Turns         int            `json:"turns"`
	Pictures      int            `json:"pictures"` // turns with a caption
	Questions     int            `json:"questions"`
	Categories    map[string]int `json:"categories"` // questions of each
	NoEvidence    int            `json:"no_evidence"`
	Unknown       []string       `json:"unknown_evidence"` // "CONVERSATION ID" of evidence that names no turn
}

// Summary counts what the file holds.
func (f *File) Summary() Summary {
	s := Summary{Conversations: len(f.Conversations), Categories: map[string]int{}, Unknown: []string{}}
	for _, c := range grade.Categories() {
		s.Categories[c.String()] = 0
	}
	for i := range f.Conversations {
		s.add(&f.Conversations[i])
	}
	return s
}

func (s *Summary) add(c *Conversation) {
	s.Sessions += len(c.Sessions)
	s.Questions += len(c.Questions)
	for _, session := range c.Sessions {
		s.Turns += len(session.Turns)
		for _, t := range session.Turns {
			if t.Caption != "" {
				s.Pictures++
			}
		}
	}
	for _, q := range c.Questions {
		s.Categories[q.Category.String()]++
		if len(q.Evidence) == 0 {
			s.NoEvidence++
		}
		for _, id := range q.Unknown {
			s.Unknown = append(s.Unknown, c.ID+" "+id)
		}
	}
}
