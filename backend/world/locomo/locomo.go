// Package locomo makes a world of long conversations out of a LoCoMo file (arXiv 2402.17753): two people talk over months, session after
// session, and questions follow, each with the turns that hold the answer.
//
// The data are their authors' (CC BY-NC 4.0) and no part of Loci: a user imports a file with loci import-data and a notebook names it.
package locomo

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world/grade"
)

// Name of the world, as in a notebook, and of the layout of its files.
const Name = "locomo"

// Splits of the world. They share no conversation.
const (
	Train = "train"
	Test  = "test"
)

// Knobs choose what is played of a file.
type Knobs struct {
	Data     string   `json:"data" doc:"name under which the file was imported" default:"locomo" main:"true"`
	Train    int      `json:"train" doc:"conversations, from the file's first on, that are for training; the rest are the test" default:"0" min:"0" max:"1000"`
	Captions bool     `json:"captions" doc:"a turn that shares a picture says what the data's caption says of it" default:"true"`
	Shuffle  bool     `json:"shuffle" doc:"ask the questions in an order that the seed draws, not in the file's" default:"true"`
	Only     []string `json:"only" doc:"categories that are asked, of multi_hop, temporal, open_domain, single_hop, adversarial; empty for all" default:""`
}

// Validate checks what bounds cannot say.
func (k *Knobs) Validate() error {
	if k.Data == "" {
		return lab.Errorf(lab.Invalid, "locomo: knob data is empty, want the name of imported data").WithHint("loci import-data list shows the names")
	}
	_, err := k.categories()
	return err
}

// categories are those that are asked.
func (k *Knobs) categories() (asked map[grade.Category]bool, err error) {
	asked = map[grade.Category]bool{}
	var legal []string
	for _, c := range grade.Categories() {
		asked[c] = len(k.Only) == 0
		legal = append(legal, c.String())
	}
	for _, name := range k.Only {
		found := false
		for _, c := range grade.Categories() {
			if c.String() == name {
				asked[c], found = true, true
			}
		}
		if !found {
			return nil, lab.Errorf(lab.Invalid, "locomo: knob only names the category %q, want some of %q", name, legal).WithHint("name some of %q", legal)
		}
	}
	return asked, nil
}

// Worlds lists the world for the catalog.
func Worlds() []schema.Kind {
	return []schema.Kind{{Name: Name, Doc: "Imported LoCoMo conversations over months, and questions about them with the turns that hold the answers.", New: func() any { return new(Knobs) }}}
}

// File is a LoCoMo file.
type File struct {
	Conversations []Conversation
}

// Conversation is one record of the file.
type Conversation struct {
	ID        string
	Speakers  [2]string
	Sessions  []Session // in the order of their numbers
	Questions []Question
}

// Session is what was said on one day.
type Session struct {
	Number int
	Date   string // as the file writes it
	Time   int64  // the same in seconds since 1970, UTC
	Turns  []Turn
}

// Turn is what one speaker said at once.
type Turn struct {
	ID      string // D3:5 is turn 5 of session 3
	Speaker string
	Text    string
	Caption string // of the picture that was shared, "" without
}

// Question is one question about the conversation.
type Question struct {
	Text     string
	Answer   string // of an adversarial question "" or what the file says
	Bait     string // the wrong answer that an adversarial question is after
	Category grade.Category
	Evidence []string // ids of the turns that hold the answer; each is in the conversation
	Unknown  []string // ids that the file names and the conversation lacks
}
