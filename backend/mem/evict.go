package mem

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
)

// Rule says which entries go first when a bank is over its budget. Where a rule cannot tell two apart, the older one goes.
type Rule string

// The rules.
const (
	EvictOldest      Rule = "oldest"       // written first
	EvictLeastUsed   Rule = "least-used"   // smallest number of uses
	EvictLowestValue Rule = "lowest-value" // smallest value
	EvictLongestIdle Rule = "longest-idle" // recalled longest ago; an entry that was never recalled counts from when it was made
)

// Rules lists all rules.
func Rules() []Rule { return []Rule{EvictOldest, EvictLeastUsed, EvictLowestValue, EvictLongestIdle} }

// Budget is how much a bank may hold; 0 is no limit.
type Budget struct {
	Entries int
	Tokens  int
}

// holds tells whether a bank is within its budget, and what it is over.
func (g Budget) holds(b *Bank) (over string, ok bool) {
	switch {
	case g.Entries > 0 && b.Len() > g.Entries:
		return fmt.Sprintf("%d entries, at most %d", b.Len(), g.Entries), false
	case g.Tokens > 0 && b.Tokens() > g.Tokens:
		return fmt.Sprintf("%d tokens, at most %d", b.Tokens(), g.Tokens), false
	}
	return "", true
}

// Evict deletes entries by a rule until the bank is within its budget, and returns their ids. Entries that keep names stay whatever it
// costs; a nil keep names none. A rule that is unknown is an error of code invalid.
func Evict(b *Bank, budget Budget, rule Rule, keep func(e *lab.Entry) bool) ([]string, error) {
	if !slices.Contains(Rules(), rule) {
		return nil, lab.Errorf(lab.Invalid, "eviction rule %q is unknown, want one of %v", rule, Rules())
	}
	if _, ok := budget.holds(b); ok {
		return nil, nil
	}
	var gone []string
	for _, e := range order(b, budget, rule, keep) {
		over, ok := budget.holds(b)
		if ok {
			break
		}
		if err := b.Delete(e.ID, fmt.Sprintf("evicted (%s): %s", rule, over)); err != nil {
			return gone, err
		}
		gone = append(gone, e.ID)
	}
	return gone, nil
}

// order lists who goes, first to last. The usual case, one entry too many and the oldest one goes, walks nothing.
func order(b *Bank, budget Budget, rule Rule, keep func(e *lab.Entry) bool) []*lab.Entry {
	if oldest, ok := b.Oldest(); ok && rule == EvictOldest && keep == nil {
		if budget.fits(b.Len()-1, b.Tokens()-oldest.Tokens) {
			return []*lab.Entry{oldest}
		}
	}
	all := b.All()
	if keep != nil {
		all = slices.DeleteFunc(all, keep)
	}
	slices.SortStableFunc(all, func(x, y *lab.Entry) int { return cmp.Compare(rule.rank(x), rule.rank(y)) })
	return all
}

func (g Budget) fits(entries, tokens int) bool {
	return (g.Entries <= 0 || entries <= g.Entries) && (g.Tokens <= 0 || tokens <= g.Tokens)
}

// rank orders entries: the smallest goes first. A stable sort leaves the older one in front.
func (r Rule) rank(e *lab.Entry) float64 {
	switch r {
	case EvictLeastUsed:
		return Number(e, NumUses)
	case EvictLowestValue:
		return Number(e, NumValue)
	case EvictLongestIdle:
		return max(Number(e, NumRead), Number(e, NumMade))
	}
	return 0
}
