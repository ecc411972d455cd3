package outside

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// maxHorizon bounds what a program may say of its episodes.
const maxHorizon = 1_000_000

// What is asked.
type (
	beginning struct {
		Episode int64  `json:"episode"`
		Split   string `json:"split"`
		Seed    uint64 `json:"seed"`
	}
	answered struct {
		Episode int64  `json:"episode"`
		Answer  string `json:"answer"`
	}
	ended struct {
		Episode int64 `json:"episode"`
	}
)

// hello is what a program tells of its world.
type hello struct {
	Name    string   `json:"name"`
	Words   []string `json:"words"`   // of all that it says and wants to hear; none for any
	Horizon int      `json:"horizon"` // turns
	Splits  []string `json:"splits"`
	Actions []string `json:"actions"` // answers that are legal at some turn; none where answers are free
	Oracle  bool     `json:"oracle"`  // it says best with every turn
}

// turn is what the agent is told, in reply to start, and together with what came of an answer in reply to act.
type turn struct {
	Told        *string          `json:"told"`
	Best        *string          `json:"best"`        // what the best player says
	Query       *string          `json:"query"`       // what a memory is to be asked; without it, what is told
	Experiences []lab.Experience `json:"experiences"` // without them, one is made of each step
}

// consequence is the reply to act.
type consequence struct {
	turn
	Reward *float64 `json:"reward"`
	Done   *bool    `json:"done"`
	Note   string   `json:"note"`
}

// summary is the reply to info.
type summary struct {
	Success *bool              `json:"success"`
	Numbers map[string]float64 `json:"numbers"`
}

// Check implements pipe.Checker.
func (h *hello) Check() error {
	switch {
	case h.Name == "" || h.Horizon < 1 || h.Horizon > maxHorizon:
		return fmt.Errorf("name is %q and horizon %d, want a name and 1 to %d turns", h.Name, h.Horizon, maxHorizon)
	case len(h.Splits) < 2 || h.Splits[0] != "train" || twice(h.Splits) != "":
		return fmt.Errorf("splits are %q, want at least two different ones, train first", h.Splits)
	case twice(h.Words) != "" || twice(h.Actions) != "":
		return fmt.Errorf("%q stands twice among words or actions", twice(h.Words)+twice(h.Actions))
	}
	for _, w := range h.Words {
		if len(strings.Fields(w)) != 1 || strings.TrimSpace(w) != w {
			return fmt.Errorf("word %q is empty or has a blank", w)
		}
	}
	return h.sayable()
}

// sayable tells whether all actions are made of words.
func (h *hello) sayable() error {
	for _, a := range h.Actions {
		words := strings.Fields(a)
		if len(words) == 0 || strings.Join(words, " ") != a {
			return fmt.Errorf("action %q is empty, or its words are not separated by single blanks", a)
		}
		for _, w := range words {
			if len(h.Words) > 0 && !slices.Contains(h.Words, w) {
				return fmt.Errorf("action %q has %q, which is none of the words", a, w)
			}
		}
	}
	return nil
}

// twice returns something that stands in a list twice, or "".
func twice(all []string) string {
	sorted := slices.Sorted(slices.Values(all))
	for i, s := range sorted {
		if i > 0 && sorted[i-1] == s {
			return s
		}
	}
	return ""
}

func (h *hello) vocabulary() []string {
	if len(h.Words) == 0 {
		return nil
	}
	all := slices.Clone(h.Words)
	for _, w := range paidWords() {
		if !slices.Contains(all, w) {
			all = append(all, w)
		}
	}
	return all
}

func (h *hello) legal(split string) error {
	if slices.Contains(h.Splits, split) {
		return nil
	}
	return lab.Errorf(lab.Invalid, "%s: split %q is unknown, want one of %q", h.Name, split, h.Splits).WithHint("name one of %q", h.Splits)
}

func (h *hello) references() []string {
	names := []string{}
	if h.Oracle {
		names = append(names, world.Oracle)
	}
	if len(h.Actions) > 0 {
		names = append(names, world.Random)
	}
	return names
}

// Check implements pipe.Checker.
func (t *turn) Check() error {
	if t.Told == nil || strings.TrimSpace(*t.Told) == "" {
		return errors.New("told is missing or empty")
	}
	for _, e := range t.Experiences {
		if !slices.Contains([]string{lab.ToldTurn, lab.OneStep, lab.OneTask}, e.Kind) || e.Text == "" {
			return fmt.Errorf("an experience of kind %q with text %q, want one of turn, step, task, and a text", e.Kind, e.Text)
		}
	}
	return nil
}

// Check implements pipe.Checker.
func (c *consequence) Check() error {
	if c.Reward == nil || c.Done == nil || math.Abs(*c.Reward) > math.MaxFloat32 {
		return errors.New("reward or done is missing, or reward is no number of 32 bits")
	}
	return c.turn.Check()
}

// Check implements pipe.Checker.
func (s *summary) Check() error {
	if s.Success == nil {
		return errors.New("success is missing")
	}
	return nil
}
