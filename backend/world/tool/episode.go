package tool

import (
	"maps"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// seedBits keeps Info.Seed below 2^53, so that it survives a JavaScript number.
const seedBits = 1<<53 - 1

// Episode is the dialogue of all suites. References and readers of a suite go by Read and Steps.
type Episode struct {
	w     *World
	c     *Case
	s     State
	seed  uint64
	told  string
	info  world.Info
	count struct{ calls, docs, errors, unknown, blind int }
	docs  map[string]bool // tools whose documentation was told; looked up, never ranged over
}

func begin(w *World, c *Case, seed uint64) *Episode {
	e := &Episode{w: w, c: c, seed: seed, told: "user " + c.Users[0], docs: map[string]bool{}}
	e.s.Data = c.Start.Clone()
	e.info.Seed = seed & seedBits
	return e
}

// Of returns the episode behind a dialogue; ok is false for one of another package.
func Of(d world.Dialogue) (e *Episode, ok bool) {
	e, ok = d.(*Episode)
	return e, ok
}

// Read is what the agent is told at this turn: the user's words at the start of a user turn, and the reply to the last answer.
func (e *Episode) Read() string { return e.told }

// Steps are the answers so far with their replies; the caller does not change them.
func (e *Episode) Steps() []Step { return e.s.Steps }

// User is the present user turn in words, Turns how many there are.
func (e *Episode) User() string { return e.c.Users[e.s.Turn] }

// Users is the number of user turns.
func (e *Episode) Users() int { return len(e.c.Users) }

// Case is what was drawn; State how it stands. Both are hidden from the agent: oracles, teachers and metrics look there.
func (e *Episode) Case() *Case { return e.c }

// State is how the episode stands.
func (e *Episode) State() *State { return &e.s }

// World is the world that the episode belongs to.
func (e *Episode) World() *World { return e.w }

// Seed is the seed of the episode.
func (e *Episode) Seed() uint64 { return e.seed }

// Over says whether the episode has ended.
func (e *Episode) Over() bool { return e.info.Why != "" }

// Act does what the answer says. An answer that is not understood costs a turn.
func (e *Episode) Act(answer string) world.Outcome {
	if e.Over() {
		return world.Outcome{Done: true, Note: "the episode is over"}
	}
	a, note := Parse(answer)
	user := e.s.Turn
	reply, ended := e.do(a)
	e.s.Steps = append(e.s.Steps, Step{Action: a, Reply: reply.Text, Failed: reply.Failed, User: user})
	e.told = reply.Text
	if note != "" {
		e.count.unknown++
	}
	if reply.Failed {
		e.count.errors++
	}
	e.info.Steps++
	return world.Outcome{Reward: e.pay(ended), Done: e.Over(), Note: note}
}

// do carries an action out.
func (e *Episode) do(a Action) (r Reply, ended bool) {
	switch a.Verb {
	case Call:
		return e.call(a), false
	case Doc:
		t := e.c.tool(a.Name)
		if t == nil || t.Doc == "" {
			return refuse("no doc"), false
		}
		e.docs[a.Name] = true
		e.count.docs++
		return reply("doc " + t.Doc), false
	case Read:
		n := e.c.note(a.Name)
		if n == nil {
			return refuse("no note"), false
		}
		e.s.Notes = append(e.s.Notes, n.Name)
		return reply("note " + n.Text), false
	case Say:
		e.s.Said = append(e.s.Said, Action{Verb: Say, Args: a.Args}.String())
		return reply("ok"), false
	case Done:
		if e.s.Turn+1 < len(e.c.Users) {
			e.s.Turn++
			return reply("user " + e.c.Users[e.s.Turn]), false
		}
		return reply("ok"), true
	case End:
		return reply("ok"), true
	}
	return refuse("form"), false
}

func (e *Episode) call(a Action) Reply {
	t := e.c.tool(a.Name)
	if t == nil {
		return refuse("unknown")
	}
	e.count.calls++
	if t.Doc != "" && !e.docs[a.Name] {
		e.count.blind++
	}
	return t.Run(&e.s, a.Args)
}

// Passed counts the tests that hold as things stand.
func (e *Episode) Passed() (n int) {
	for _, t := range e.c.Tests {
		if t.Holds(&e.s) {
			n++
		}
	}
	return n
}

// pay ends the episode where it is over and returns what this turn pays.
func (e *Episode) pay(ended bool) float64 {
	pays := -e.c.StepCost
	switch {
	case ended:
		e.info.Why = lab.EndTerminal
	case e.info.Steps >= e.w.spec.Horizon:
		e.info.Why = lab.EndHorizon
	}
	if e.Over() {
		passed, tests := e.Passed(), len(e.c.Tests)
		e.info.Success = passed == tests
		switch {
		case !e.c.Strict:
			pays += float64(passed) / float64(max(tests, 1))
		case e.info.Success:
			pays++
		}
		e.sumUp(passed)
	}
	e.info.Return += float32(pays)
	return pays
}

// sumUp fills the numbers of Info.
func (e *Episode) sumUp(passed int) {
	success := 0.0
	if e.info.Success {
		success = 1
	}
	e.info.Numbers = map[string]float64{
		"family": float64(e.c.Family), "tests": float64(len(e.c.Tests)), "passed": float64(passed), "success": success,
		"calls": float64(e.count.calls), "docs": float64(e.count.docs), "errors": float64(e.count.errors), "unknown": float64(e.count.unknown),
		"blind": float64(e.count.blind), "flags": float64(len(e.s.Flags)), "notes": float64(len(e.s.Notes)),
		"changes": float64(len(e.c.Start.Diff(&e.s.Data))), "user": float64(e.s.Turn),
	}
	maps.Copy(e.info.Numbers, e.c.Numbers)
}

// Info sums the episode up; its numbers are there once it is over: family (kind of task), tests and passed, success, calls, docs
// (documentation told), errors (answers that failed), unknown (answers not understood), blind (calls of a tool whose documentation
// exists and was not told before), flags, notes (read), changes (fields and records that differ from the start), user (user turns before
// the last that was reached), and what the suite adds.
func (e *Episode) Info() world.Info {
	in := e.info
	in.Numbers = maps.Clone(in.Numbers)
	return in
}
