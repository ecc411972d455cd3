package stats

import (
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// Claim is a sentence with one or several parts, all of which must hold.
type Claim struct {
	Name  string
	Parts []Part
}

// Part is an expression and what its mean over seeds must satisfy.
type Part struct {
	Expr  Expr
	Bound Bound
}

// PartError says which part of a claim cannot be read, and whether its value or its bound.
type PartError struct {
	Part  int  // from 0
	Bound bool // the bound, else the expression
	Err   error
}

func (e *PartError) Error() string { return e.Err.Error() }

func (e *PartError) Unwrap() error { return e.Err }

// ParseClaim reads the parts of a claim. values and bounds are paired; one bound may serve several values and one value several
// bounds. Errors are Invalid, with a *PartError and a *SyntaxError in the chain.
func ParseClaim(name string, values, bounds []string, known Known) (Claim, error) {
	n := max(len(values), len(bounds))
	if len(values) == 0 || len(bounds) == 0 || len(values) != n && len(values) != 1 || len(bounds) != n && len(bounds) != 1 {
		return Claim{}, lab.Errorf(lab.Invalid, "claim %q has %d values and %d bounds, want equally many, or one of either", name, len(values), len(bounds)).
			WithHint("give value and holds lists of the same length")
	}
	claim := Claim{Name: name, Parts: make([]Part, n)}
	for i := range n {
		var err error
		if claim.Parts[i].Expr, err = ParseExpr(values[min(i, len(values)-1)], known); err != nil {
			return Claim{}, inPart(name, i, n, false, err)
		}
		if claim.Parts[i].Bound, err = ParseBound(bounds[min(i, len(bounds)-1)]); err != nil {
			return Claim{}, inPart(name, i, n, true, err)
		}
	}
	return claim, nil
}

func inPart(name string, part, parts int, bound bool, cause error) error {
	what := "value"
	if bound {
		what = "holds"
	}
	err := lab.Errorf(lab.Invalid, "claim %q, %s: %v", name, what, cause)
	if parts > 1 {
		err = lab.Errorf(lab.Invalid, "claim %q, %s %d of %d: %v", name, what, part+1, parts, cause)
	}
	err.Hint, err.Err = lab.HintOf(cause), &PartError{Part: part, Bound: bound, Err: cause}
	return err
}

// Reads lists what the claim reads, each series once.
func (c Claim) Reads() []Read {
	seen := map[Read]bool{}
	var out []Read
	for _, p := range c.Parts {
		for _, r := range p.Expr.Reads() {
			if !seen[r] {
				seen[r] = true
				out = append(out, r)
			}
		}
	}
	return out
}

// String prints all parts on one line.
func (c Claim) String() string {
	var parts []string
	for _, p := range c.Parts {
		bound := p.Bound.String()
		if strings.Contains(bound, "..") {
			bound = "in " + bound
		}
		parts = append(parts, p.Expr.String()+" "+bound)
	}
	return strings.Join(parts, " and ")
}
