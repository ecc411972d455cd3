package outside

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/world"
)

// What an experience says that an answer paid.
const (
	paidWord    = "paid"
	costWord    = "cost"
	nothingWord = "nothing"
)

func paidWords() []string { return []string{paidWord, costWord, nothingWord} }

func paid(reward float64) string {
	switch {
	case reward > 0:
		return paidWord
	case reward < 0:
		return costWord
	}
	return nothingWord
}

// reader is the fixed rule that is the same for every memory: the best line that names an action decides, unless it says that the action
// paid nothing; what has cost is avoided; otherwise it guesses. It implements world.Reader.
type reader struct {
	actions []string
	seed    uint64
	drawn   uint64
}

// Begin implements world.Reader.
func (r *reader) Begin() {}

// Answer implements world.Reader. In a world without actions it says the best line itself.
func (r *reader) Answer(_ string, recalled []string) string {
	if len(r.actions) == 0 {
		return strings.Join(recalled[max(0, len(recalled)-1):], "")
	}
	var avoided []string
	for _, line := range slices.Backward(recalled) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		last := words[len(words)-1]
		marked := slices.Contains(paidWords(), last)
		if marked {
			words = words[:len(words)-1]
		}
		action := r.named(words, marked)
		switch {
		case action == "" || last == nothingWord:
		case last == costWord:
			avoided = append(avoided, action)
		case !slices.Contains(avoided, action):
			return action
		}
	}
	return r.guess(avoided)
}

// named is the action that a line names: at its end where a mark stood behind, anywhere otherwise, the longest one that is alone there.
func (r *reader) named(words []string, atEnd bool) string {
	line, best := " "+strings.Join(words, " ")+" ", ""
	for _, a := range r.actions {
		there := strings.Contains(line, " "+a+" ")
		if atEnd {
			there = strings.HasSuffix(line, " "+a+" ")
		}
		switch {
		case !there || strings.Contains(" "+best+" ", " "+a+" "):
		case best == "" || strings.Contains(" "+a+" ", " "+best+" "):
			best = a
		case !atEnd:
			return "" // two different ones: the line tells nothing
		}
	}
	return best
}

func (r *reader) guess(avoided []string) string {
	left := slices.DeleteFunc(slices.Clone(r.actions), func(a string) bool { return slices.Contains(avoided, a) })
	if len(left) == 0 {
		left = r.actions
	}
	r.drawn++
	return left[world.Pick(world.Draw(r.seed, r.drawn), len(left))]
}

// random is the reference that says any action.
type random struct {
	actions []string
	seed    uint64
	drawn   uint64
}

func (r *random) Answer(world.Dialogue) string {
	r.drawn++
	return r.actions[world.Pick(world.Draw(r.seed, r.drawn), len(r.actions))]
}

// oracle is the reference that says what the program calls best; to a dialogue of another package it has no answer.
type oracle struct{}

func (oracle) Answer(d world.Dialogue) string {
	if o, ok := d.(*dialogue); ok && o.now.Best != nil {
		return *o.now.Best
	}
	return ""
}

// shown is a reply for people.
func shown(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
