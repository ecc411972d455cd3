package shop

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
			return action{click, colour}
		}
		if v.mode == plain {
			if o := b.settle(subject, list, g.Class.options(list)); o != plain {
				return press(o)
			}
		}
		return action{click, w.rowOf(v)}
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

// rowOf names the row that the goal is about.
func (w *World) rowOf(v *view) string {
	switch v.goal.Class {
	case Cheap, First:
		return "first"
	case Last:
		return "last"
	}
	if v.goal.attr == none {
		return "first"
	}
	return w.lex.attrs(v.goal.Class)[v.goal.attr]
}
