package shop

import "slices"

// beliefs settle what no page tells.
type beliefs interface {
	// settle returns one of choices: the option of a subject at a stage.
	settle(subject string, at stage, choices []string) string
}

// plan is the next step of somebody who sees a page and settles what is not told by beliefs.
func (w *World) plan(v *view, b beliefs) action {
	l, g := w.lex, &v.goal
	subject := g.subject(l)
	switch v.page {
	case enter:
		way := b.settle(subject, enter, v.see)
		if way == "search" {
			return action{search, l.nouns[g.noun]}
		}
		return action{click, way}
	case list:
		if g.Class == Present {
			colour := b.settle(subject, list, v.rows)
			return action{click, l.rows[max(0, slices.Index(v.rows, colour))]}
		}
		if v.mode == plain {
			if o := b.settle(subject, list, g.Class.options(list)); o != plain {
				return press(o)
			}
		}
		return action{click, l.rows[w.rowOf(v)]}
	}
	if v.mode == plain {
		if o := b.settle(subject, item, g.Class.options(item)); o != plain {
			return press(o)
		}
	}
	if g.Class.buys() {
		return action{click, "buy"}
	}
	return action{answer, l.numbers[max(v.price, 1)-1]}
}

// rowOf is the row that the goal names.
func (w *World) rowOf(v *view) int {
	switch v.goal.Class {
	case Cheap, First:
		return 0
	case Last:
		return rowsShown - 1
	}
	if v.goal.attr == none {
		return 0
	}
	return max(0, slices.Index(v.rows, w.lex.attrs(v.goal.Class)[v.goal.attr]))
}
