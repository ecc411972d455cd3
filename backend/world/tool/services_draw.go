package tool

import (
	"slices"
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/world"
)

// serviceRequest is one user turn: do this to that, with this number.
type serviceRequest struct {
	goal   int
	thing  string
	number string // that the user says
	told   string // that sources reply
}

// Draw implements Suite.
func (s services) Draw(seat Seat) *Case {
	key := world.Draw(seat.Seed, 77)
	if seat.Split == Test {
		key = world.Draw(seat.Seed, 78)
	}
	requests := s.requests(key, seat.Split)
	wants := s.wants(seat.Rules, seat.Number)
	c := &Case{Strict: true, Family: familyOfGoals(requests), Label: goalWords(requests), Numbers: map[string]float64{"requests": float64(len(requests))}}
	for i, r := range requests {
		text := "for " + r.thing + " " + r.number + " " + goalNames()[r.goal]
		if i == 0 {
			text = "task " + c.Label + " " + text
		}
		c.Users = append(c.Users, text)
		c.Start.Set("thing", r.thing, "status", "free")
		goal := goalNames()[r.goal]
		c.Tests = append(c.Tests, Equals("thing", r.thing, "status", goal))
	}
	var keys []Key
	for _, r := range requests {
		keys = append(keys, Key{"thing", r.thing, "status"})
	}
	c.Tests = append(c.Tests, Untouched(c.Start, keys...))
	c.Tools = s.tools(requests, wants)
	c.Plan = func(st *State) string { return planServices(st, requests, wants) }
	return c
}

// requests draws what is asked for: goals that may come together in that split, on different things, with numbers that all differ.
func (s services) requests(key uint64, split string) []serviceRequest {
	n := 2 + world.Pick(world.Draw(key, 0), s.knobs.Requests-1)
	var goals []int
	for try := uint64(0); len(goals) == 0; try++ {
		if order := orderDrawn(world.Draw(key, 100+try), s.knobs.Goals)[:n]; mayMeet(order, split) {
			goals = order
		}
	}
	things, said := orderDrawn(world.Draw(key, 1), len(thingNames())), orderDrawn(world.Draw(key, 2), numbers)
	list := make([]serviceRequest, n)
	for i, g := range goals {
		list[i] = serviceRequest{g, thingNames()[things[i]], strconv.Itoa(lowest + said[2*i]), strconv.Itoa(lowest + said[2*i+1])}
	}
	return list
}

// mayMeet says whether these goals make a task of that split: training has no pair that is held out, a test has the first two held out.
func mayMeet(goals []int, split string) bool {
	if split == Test {
		return heldOut(goals[0], goals[1])
	}
	for i, a := range goals {
		for _, b := range goals[:i] {
			if heldOut(a, b) {
				return false
			}
		}
	}
	return true
}

// familyOfGoals numbers the set of goals.
func familyOfGoals(requests []serviceRequest) (n int) {
	for _, r := range requests {
		n |= 1 << r.goal
	}
	return n
}

func goalWords(requests []serviceRequest) string {
	words := make([]string, len(requests))
	for i, r := range requests {
		words[i] = goalNames()[r.goal]
	}
	return strings.Join(words, " ")
}

// tools are the sources, which change nothing, and the goals.
func (s services) tools(requests []serviceRequest, wants []serviceWant) (list []Tool) {
	of := func(thing string) *serviceRequest {
		for i := range requests {
			if requests[i].thing == thing {
				return &requests[i]
			}
		}
		return nil
	}
	for _, name := range sourceNames()[:s.knobs.Sources] {
		list = append(list, Tool{Name: name, Run: func(_ *State, args []string) Reply {
			if len(args) != 1 || of(args[0]) == nil {
				return refuse("form")
			}
			return reply("ok " + name + " " + args[0] + " " + of(args[0]).told)
		}})
	}
	for g := range s.knobs.Goals {
		name := goalNames()[g]
		list = append(list, Tool{Name: name, Run: func(st *State, args []string) Reply {
			if len(args) != 2 || of(args[0]) == nil {
				return refuse("form")
			}
			r := of(args[0])
			if !metBy(st, r, args[1], wants[g]) {
				st.Data.Set("thing", r.thing, "status", "held")
				return refuse("needs " + sourceNames()[wants[g].source] + " " + wants[g].argument)
			}
			if st.Data.Get("thing", r.thing, "status") == "free" {
				st.Data.Set("thing", r.thing, "status", name)
			}
			return reply("ok " + name + " " + r.thing)
		}})
	}
	return list
}

// metBy says whether a goal is called as it wants: right behind its source about the same thing, with the right number.
func metBy(st *State, r *serviceRequest, number string, w serviceWant) bool {
	if len(st.Steps) == 0 {
		return false
	}
	last := &st.Steps[len(st.Steps)-1]
	behind := !last.Failed && last.Action.Verb == Call && last.Action.Name == sourceNames()[w.source] && slices.Equal(last.Action.Args, []string{r.thing})
	return behind && number == r.argument(w)
}

func (r *serviceRequest) argument(w serviceWant) string {
	if w.argument == argReplied {
		return r.told
	}
	return r.number
}

// planServices is what the oracle says next: of each request its source, its goal, and that it is done. A thing that is held stays so: the end.
func planServices(st *State, requests []serviceRequest, wants []serviceWant) string {
	r := requests[st.Turn]
	w := wants[r.goal]
	switch st.Data.Get("thing", r.thing, "status") {
	case goalNames()[r.goal]:
		return Done.String()
	case "free":
	default:
		return End.String()
	}
	if metBy(st, &r, r.argument(w), w) {
		return "CALL " + goalNames()[r.goal] + " " + r.thing + " " + r.argument(w)
	}
	return "CALL " + sourceNames()[w.source] + " " + r.thing
}
