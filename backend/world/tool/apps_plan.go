package tool

import (
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/world"
)

// need is a call that a task wants.
type need struct {
	api  int
	args []string // "" for the reply to the need before
}

// needsOf are the calls of a task in their order; a lookup that the part before made is not made again.
func needsOf(parts []part) (needs []need) {
	for i := range parts {
		p := &parts[i]
		if p.from < apiCount && (i == 0 || parts[i-1].from != p.from || parts[i-1].key != p.key) {
			needs = append(needs, need{p.from, []string{p.key}})
		}
		needs = append(needs, need{p.api, p.args})
	}
	return needs
}

// parseTask reads the user's words; ok is false where they are no task.
func parseTask(words []string) (parts []part, ok bool) {
	for said := range strings.SplitSeq(strings.Join(words, " "), " then ") {
		p, ok := parsePart(strings.Fields(said))
		if !ok {
			return nil, false
		}
		p.said = said
		parts = append(parts, p)
	}
	return parts, len(parts) > 0
}

func parsePart(w []string) (p part, ok bool) {
	if len(w) == 0 {
		return p, false
	}
	p = part{api: slices.Index(APIs(), w[0]), from: apiCount}
	switch {
	case len(w) == 5 && w[2] == "what" && w[4] == "says":
		p.args, p.from, p.key = []string{w[1], ""}, apiShow, w[3]
	case len(w) == 5 && w[2] == "what" && w[4] == "owes":
		p.args, p.from, p.key = []string{w[1], ""}, apiOwed, w[3]
	case len(w) == 6 && w[1] == "newest":
		p.args, p.from, p.key = []string{"", w[5]}, apiNewest, w[3]
	case len(w) == 4 && w[1] == "newest":
		p.args, p.from, p.key = []string{""}, apiNewest, w[3]
	case len(w) == 3 && w[0] == "text":
		p.args, p.from, p.key = []string{"", w[2]}, apiLookup, w[1]
	default:
		p.args = w[1:]
	}
	return p, p.api >= 0 && len(p.args) == len(apiArgs(p.api))
}

// progress is how far the steps of an episode have come with the needs of its task, as the replies tell.
type progress struct {
	next  *need    // nil when all was called
	args  []string // of the next one
	known bool     // its documentation was told
	form  form     // as documented
	// refused are the keywords that the next call failed with.
	refused [2]bool
}

// follow reads the steps. A need is met by a call of its name with its words that did not fail.
func follow(steps []Step, needs []need) (p progress) {
	last := ""
	for i := range needs {
		n := &needs[i]
		args := slices.Clone(n.args)
		if at := slices.Index(args, ""); at >= 0 {
			args[at] = last
		}
		met := slices.IndexFunc(steps, func(s Step) bool { return s.meets(n) })
		if met < 0 {
			p.next, p.args = n, args
			break
		}
		if len(n.args) == 1 { // a lookup, or one whose ok nothing reads
			last = steps[met].Reply
		}
	}
	for i := range steps {
		if p.next != nil {
			p.learn(&steps[i])
		}
	}
	return p
}

// meets says whether a step is a call that answers a need, as far as the agent can tell.
func (s *Step) meets(n *need) bool {
	if s.Action.Verb != Call || s.Failed || s.Action.Name != APIs()[n.api] {
		return false
	}
	for _, arg := range n.args {
		if arg != "" && !slices.Contains(s.Action.Args, arg) {
			return false
		}
	}
	return true
}

// learn takes from a step what it tells about the next call.
func (p *progress) learn(s *Step) {
	name := APIs()[p.next.api]
	words := strings.Fields(s.Reply)
	switch {
	case s.Action.Name != name:
	case s.Action.Verb == Doc && len(words) > 2:
		p.form, p.known = formOf(p.next.api, words[2:])
	case s.Action.Verb == Call && s.Failed:
		if f, _, ok := readCall(p.next.api, s.Action.Args); ok {
			p.refused[f.keyword] = true
		}
	}
}

// formOf reads the sorts of a documentation.
func formOf(api int, words []string) (form, bool) {
	sorts := apiArgs(api)
	for f := range 4 {
		f := form{f % 2, f / 2}
		names := make([]string, len(sorts))
		for i, s := range sorts {
			names[i] = sortNames()[s]
		}
		if slices.Equal(f.words(names), words) {
			return f, true
		}
	}
	return form{}, false
}

// planned is what somebody who knows the forms says next.
func planned(s *State, needs []need, forms [apiCount]form) string {
	p := follow(s.Steps, needs)
	if p.next == nil {
		return Done.String()
	}
	return say(p.next.api, forms[p.next.api], p.args)
}

// careful is what somebody says next who looks everything up first.
func careful(steps []Step, needs []need) string {
	p := follow(steps, needs)
	switch {
	case p.next == nil:
		return Done.String()
	case !p.known:
		return Action{Verb: Doc, Name: APIs()[p.next.api]}.String()
	}
	return say(p.next.api, p.form, p.args)
}

// taskOf are the needs of an episode as its user turn tells them.
func taskOf(user string) []need {
	parts, ok := parseTask(strings.Fields(user))
	if !ok {
		return nil
	}
	return needsOf(parts)
}

// Speaker returns a reference: full-memory reads all that the episode told and looks every call up before it makes it; memory-free does the
// same but sees the task and the last reply alone.
func (a *apps) Speaker(name string, _, _ uint64) world.Speaker {
	return speaker(func(e *Episode) string {
		steps := e.Steps()
		if name == world.MemoryFree {
			steps = steps[max(0, len(steps)-1):]
		}
		return careful(steps, taskOf(e.User()))
	})
}

// AppsTeacher makes the traces of a warm start: it looks a call up before it makes it, but for a share of calls, which it guesses; after an
// error it gives up with some probability, and else tries the other keyword. It answers dialogues of tool-apps.
func AppsTeacher(skip, giveUp float64, seed uint64) world.Speaker {
	return speaker(func(e *Episode) string {
		draw := func(i int) float64 { return world.Unit(world.Draw(world.Draw(seed, e.seed), uint64(i))) }
		steps := e.Steps()
		p := follow(steps, taskOf(e.User()))
		switch {
		case p.next == nil:
			return Done.String()
		case p.known:
			return say(p.next.api, p.form, p.args)
		case draw(p.next.api) >= skip:
			return Action{Verb: Doc, Name: APIs()[p.next.api]}.String()
		case len(steps) > 0 && steps[len(steps)-1].Failed && draw(100+len(steps)) < giveUp:
			return Done.String()
		}
		f := form{int(draw(200+p.next.api) * 2), int(draw(300+p.next.api) * 2)}
		if p.refused[f.keyword] {
			f.keyword = 1 - f.keyword
		}
		return say(p.next.api, f, p.args)
	})
}

// Reader returns the rule that knows the task and the last reply, and everything else of the episode from recalled lines, which are its
// own steps: CALL show via n2 : s3.
func (a *apps) Reader(uint64) world.Reader { return new(appsReader) }

type appsReader struct {
	user string
	said string
}

// Begin tells it that an episode begins.
func (r *appsReader) Begin() { *r = appsReader{} }

// Answer is what it says, given lines of memory.
func (r *appsReader) Answer(told string, recalled []string) string {
	var steps []Step
	if user, ok := strings.CutPrefix(told, "user "); ok {
		r.user, r.said = user, ""
	}
	for _, line := range recalled {
		if said, replied, ok := strings.Cut(line, " : "); ok {
			steps = append(steps, stepOf(said, replied))
		}
	}
	if r.said != "" {
		steps = append(steps, stepOf(r.said, told))
	}
	r.said = careful(steps, taskOf(r.user))
	return r.said
}

func stepOf(said, replied string) Step {
	a, _ := Parse(said)
	return Step{Action: a, Reply: replied, Failed: strings.HasPrefix(replied, "err")}
}
