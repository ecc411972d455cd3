package chat

import "slices"

// known is what somebody knows of one attribute of one persona who heard some facts in their order.
type known struct {
	values   []string
	until    int      // last day on which values hold, 0 for ever
	since    int      // day on which a single value was told first, without a break
	before   []string // values before the last Set, told in the turns earlier
	earlier  []int
	days     []int // of an event: on which day, value by value
	evidence []int // numbers of the turns that tell values
}

// take hears a fact on a day, in the turn of that number. What is known already changes nothing.
func (k *known) take(f Fact, day, number int) {
	if f.Day > 0 {
		day = f.Day
	}
	next := f.Apply(k.values)
	if slices.Equal(next, k.values) && k.until == f.Until {
		return
	}
	switch {
	case f.Op == Set:
		k.before, k.earlier = k.values, k.evidence
		k.since, k.evidence, k.days = day, []int{number}, nil
	default:
		k.evidence = append(k.evidence, number)
	}
	for range len(next) - len(k.days) {
		k.days = append(k.days, day)
	}
	k.values, k.until = next, f.Until
}

// on are the values that hold on a day; day 0 is before every end.
func (k *known) on(day int) []string {
	if k.until > 0 && day > k.until {
		return nil
	}
	return k.values
}
