package reasoningbank

import (
	"strings"

	"github.com/loci-lab/loci/backend/world/shop"
)

// advice is what an item says: the option to choose at a stage for a class of goals. There are two for each of the three stages of the six
// classes, 36 in all; none names a site, an article or a number.
type advice struct {
	class  shop.Class
	stage  int
	option string
}

// line is the item as it stands in a prompt, "for buy : list filter": when to use it, and what to do.
func (a advice) line() string { return shop.Advice(a.class.String(), shop.Stages()[a.stage], a.option) }

// other is the other option of a stage.
func other(c shop.Class, stage int, option string) string {
	all := shop.Options(c, stage)
	if all[0] == option {
		return all[1]
	}
	return all[0]
}

// anyAdvice is one of the six of a class.
func anyAdvice(c shop.Class, d *dice) advice {
	stage := d.below(len(shop.Stages()))
	return advice{c, stage, shop.Options(c, stage)[d.below(2)]}
}

// shuffle puts items into any order and keeps at most n of them, each once.
func shuffle(items []advice, d *dice, n int) []advice {
	var all []advice
	for len(items) > 0 && len(all) < n {
		i := d.below(len(items))
		a := items[i]
		items = append(items[:i:i], items[i+1:]...)
		if !has(all, a) {
			all = append(all, a)
		}
	}
	return all
}

func has(all []advice, a advice) bool {
	for _, b := range all {
		if a == b {
			return true
		}
	}
	return false
}

// written are the items of an entry, a line each.
func written(items []advice) string {
	lines := make([]string, len(items))
	for i, a := range items {
		lines[i] = a.line()
	}
	return strings.Join(lines, "\n")
}

// workflow is what a winner did at every stage, as one line without articles or numbers: flow buy : search filter plain.
func workflow(c shop.Class, chosen []string) string {
	return "flow " + c.String() + " : " + strings.Join(chosen, " ")
}
