package tool

import (
	"slices"
	"strconv"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// Services is the name of the suite of services, as in a notebook.
const Services = "tool-services"

// ServicesKnobs are those of the suite of services.
type ServicesKnobs struct {
	Goals     int    `json:"goals" doc:"tools that a user asks for: each wants another tool to be called right before it" unit:"tools" default:"8" min:"5" max:"8" main:"true" group:"world"`
	Sources   int    `json:"sources" doc:"tools that only look something up; which one a goal wants is told nowhere" unit:"tools" default:"6" min:"2" max:"6" main:"true" group:"world" pitfall:"chance is one in twice this for every request"`
	Arguments string `json:"arguments" doc:"two: a goal wants the number that its source replied or the one that the user said, which is told nowhere either; one: always the one that was replied" default:"two" enum:"two,one" group:"world"`
	Requests  int    `json:"requests" doc:"most requests of a task, each in a user turn of its own; the fewest are two" unit:"user turns" default:"3" min:"2" max:"3" group:"world"`
	Drift     int    `json:"drift" doc:"number of the task from which on some goals want something else; 0 for never" unit:"tasks" default:"0" min:"0" max:"1000000" main:"true" group:"world"`
	Drifted   int    `json:"drifted" doc:"goals that want something else from then on" unit:"tools" default:"3" min:"0" max:"8" main:"true" group:"world"`
}

// Validate checks the bounds again, for callers that build knobs in Go.
func (k *ServicesKnobs) Validate() error {
	for _, n := range []struct {
		name          string
		value, lo, hi int
	}{{"goals", k.Goals, 5, 8}, {"sources", k.Sources, 2, 6}, {"requests", k.Requests, 2, 3}, {"drift", k.Drift, 0, 1e6}, {"drifted", k.Drifted, 0, 8}} {
		if n.value < n.lo || n.value > n.hi {
			return lab.Errorf(lab.Invalid, "%s: knob %s is %d, want %d to %d", Services, n.name, n.value, n.lo, n.hi).
				WithHint("choose %s between %d and %d", n.name, n.lo, n.hi)
		}
	}
	if k.Arguments != twoArguments && k.Arguments != oneArgument {
		return lab.Errorf(lab.Invalid, "%s: knob arguments is %q, want %q or %q", Services, k.Arguments, twoArguments, oneArgument).
			WithHint("set world.arguments to %q or %q", twoArguments, oneArgument)
	}
	if k.Drifted > k.Goals {
		return lab.Errorf(lab.Invalid, "%s: knob drifted is %d, and there are %d goals", Services, k.Drifted, k.Goals).
			WithHint("set drifted to %d at most", k.Goals)
	}
	return nil
}

// Suite makes the suite of these knobs.
func (k *ServicesKnobs) Suite() Suite { return services{*k} }

// services: a user asks for one thing after another, as "for lamp 14 order". A goal (order) wants a source (price) to be asked about the same
// thing right before, and one of two numbers as argument: the one that the source replied, or the one that the user said. Which ones holds
// over all episodes of a world and is told nowhere but in the error of a call that was refused; and a refused call leaves the thing held,
// which nothing undoes.
type services struct{ knobs ServicesKnobs }

// How many numbers a goal may want.
const (
	twoArguments = "two"
	oneArgument  = "one"
)

// The two numbers that a goal may want.
const (
	argReplied = "reply" // what the source told
	argAsked   = "asked" // what the user said
)

func goalNames() []string {
	return []string{"order", "ship", "refund", "book", "cancel", "pack", "rent", "sell"}
}

func sourceNames() []string { return []string{"price", "stock", "quote", "check", "scan", "login"} }

func thingNames() []string {
	return []string{"lamp", "desk", "vase", "sofa", "mug", "rug", "clock", "chair", "shelf", "mirror", "kettle", "piano"}
}

// lowest and numbers say which numbers are said and replied: 11 to 30.
const (
	lowest  = 11
	numbers = 20
)

// Name implements Suite.
func (s services) Name() string { return Services }

// Words implements Suite. They hang on no knob, so that one model serves all sizes.
func (s services) Words() []string {
	words := slices.Concat(goalNames(), sourceNames(), thingNames(), []string{"task", "for", "needs", argReplied, argAsked})
	for n := range numbers {
		words = append(words, strconv.Itoa(lowest+n))
	}
	return words
}

// Splits implements Suite: in test, tasks have goals together that training never has.
func (s services) Splits() []string { return []string{Train, Test} }

// Horizon implements Suite: three answers a request, and some to spare.
func (s services) Horizon() int { return 4 * s.knobs.Requests }

// serviceWant is what a goal wants.
type serviceWant struct {
	source   int
	argument string
}

// wants draws what every goal wants at a moment of the stream. What drifts wants another source from then on.
func (s services) wants(rules uint64, number int) []serviceWant {
	all := make([]serviceWant, s.knobs.Goals)
	for g := range all {
		all[g] = serviceWant{world.Pick(world.Draw(rules, uint64(2*g)), s.knobs.Sources), s.arguments()[world.Pick(world.Draw(rules, uint64(2*g+1)), len(s.arguments()))]}
	}
	if s.knobs.Drift > 0 && number >= s.knobs.Drift {
		for i, g := range orderDrawn(world.Draw(rules, 1000), s.knobs.Goals)[:s.knobs.Drifted] {
			by := 1 + world.Pick(world.Draw(rules, 2000+uint64(i)), s.knobs.Sources-1)
			all[g].source = (all[g].source + by) % s.knobs.Sources
		}
	}
	return all
}

// arguments are the numbers that a goal may want.
func (s services) arguments() []string {
	if s.knobs.Arguments == oneArgument {
		return []string{argReplied}
	}
	return []string{argReplied, argAsked}
}

// orderDrawn is 0..n-1 in an order drawn from a key.
func orderDrawn(key uint64, n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	for i := n - 1; i > 0; i-- {
		j := world.Pick(world.Draw(key, uint64(i)), i+1)
		order[i], order[j] = order[j], order[i]
	}
	return order
}

// heldOut says whether two goals come together in test alone. It hangs on nothing but the two: ten of the 28 pairs of eight goals, each goal
// in some, so that training has three that may all come together.
func heldOut(a, b int) bool { return (a+b)%3 == 1 && a != b }

// ServiceSources are the names of all sources.
func ServiceSources() []string { return sourceNames() }
