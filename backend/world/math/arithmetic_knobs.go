package mathworld

import (
	"slices"

	"github.com/loci-lab/loci/backend/lab"
)

const (
	maxLive  = 6
	maxSteps = 99 // highest number of a step
	maxLong  = 80 // operations of one question: above it the numbers of steps have no room to be drawn
)

// ArithmeticKnobs are the knobs of running-arithmetic. The defaults keep the table of facts small: a step adds or takes a number up to
// Operand, or doubles, so there are modulus x (2 operand + 1) facts, 1843, where adding two variables would need modulus squared.
// What makes the state matter is Reads: a step may begin from another variable, whose value must then be known.
type ArithmeticKnobs struct {
	Live     int     `json:"live" doc:"variables that must be kept in mind" unit:"variables" default:"2" min:"1" max:"6" main:"true" group:"world"`
	Shortest int     `json:"shortest" doc:"fewest operations of a question" unit:"operations" default:"8" min:"1" max:"80" main:"true" group:"world"`
	Longest  int     `json:"longest" doc:"most operations of a question" symbol:"n" unit:"operations" default:"20" min:"1" max:"80" main:"true" group:"world" pitfall:"a question takes 4 tokens an operation and its work 6: see that both fit the context"`
	Modulus  int     `json:"modulus" doc:"values are whole numbers from 0 to this, without it" default:"97" min:"11" max:"499" paper:"97" group:"world" pitfall:"another modulus is another vocabulary, so a trained model does not fit"`
	Operand  int     `json:"operand" doc:"largest number that a step adds or takes" default:"9" min:"1" max:"9" group:"world" pitfall:"facts to learn are modulus times 2 operand + 1"`
	Doubling float64 `json:"doubling" doc:"share of operations that double" unit:"share" default:"0.1" min:"0" max:"1" group:"world"`
	Reads    float64 `json:"reads" doc:"share of operations that begin from another variable than the one they change; 0 with one variable" unit:"share" default:"0.15" min:"0" max:"1" group:"world" pitfall:"at 0 only the asked variable matters and the state to carry is one number"`
	Stay     float64 `json:"stay" doc:"share of operations that change the same variable as the one before; without effect with one variable" unit:"share" default:"0.8" min:"0" max:"1" group:"world" pitfall:"with two variables a tail of five steps nearly always holds the whole state, whatever this is; near 1 few variables change at all, and the others stand in the question"`
}

// Validate checks what a single bound cannot say, and the bounds again, for callers that build knobs in Go.
func (k *ArithmeticKnobs) Validate() error {
	for _, err := range []error{
		within(RunningArithmetic, "live", k.Live, 1, maxLive),
		within(RunningArithmetic, "shortest", k.Shortest, 1, maxLong),
		within(RunningArithmetic, "longest", k.Longest, 1, maxLong),
		within(RunningArithmetic, "modulus", k.Modulus, 11, 499),
		within(RunningArithmetic, "operand", k.Operand, 1, maxOperand),
		within(RunningArithmetic, "doubling", k.Doubling, 0, 1),
		within(RunningArithmetic, "reads", k.Reads, 0, 1),
		within(RunningArithmetic, "stay", k.Stay, 0, 1),
	} {
		if err != nil {
			return err
		}
	}
	if k.Shortest > k.Longest {
		return lab.Errorf(lab.Invalid, "%s: shortest is %d and longest %d, want shortest at most longest", RunningArithmetic, k.Shortest, k.Longest).
			WithHint("set world.shortest to at most %d", k.Longest)
	}
	return nil
}

// Slips: what a wrong step of a trace writes.
const (
	SlipAny   = "any"   // any other result, each as likely
	SlipStale = "stale" // the value that the source had before it changed last is read; SlipAny where it has not changed
)

// TraceKnobs are the mixture of written work from which a model starts.
type TraceKnobs struct {
	Wrong   float64 // share of steps with a wrong value; the steps after it go on from that value
	Restate float64 // share of steps that a line with all variables follows
	Slip    string  // SlipAny where empty
}

// Mixture is the one of the sheet: 15 % wrong steps, a restating line behind 10 % of all steps.
func Mixture() TraceKnobs { return TraceKnobs{Wrong: 0.15, Restate: 0.1, Slip: SlipAny} }

// Validate checks the bounds.
func (k *TraceKnobs) Validate() error {
	if err := within(RunningArithmetic, "wrong", k.Wrong, 0, 1); err != nil {
		return err
	}
	if err := within(RunningArithmetic, "restate", k.Restate, 0, 1); err != nil {
		return err
	}
	if legal := []string{"", SlipAny, SlipStale}; !slices.Contains(legal, k.Slip) {
		return lab.Errorf(lab.Invalid, "%s: knob slip is %q, want one of %q", RunningArithmetic, k.Slip, legal[1:]).
			WithHint("set slip to one of %q", legal[1:])
	}
	return nil
}
