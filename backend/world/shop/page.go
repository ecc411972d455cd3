package shop

import (
	"slices"
	"strings"
)

// text puts a page into words: where one is, what is there, what can be pressed, and the goal.
func (l *lexicon) text(v *view) string {
	var b strings.Builder
	b.Grow(120)
	b.WriteString("at ")
	switch v.page {
	case enter:
		b.WriteString("home")
	case list:
		b.WriteString([]string{"list ", "orders "}[btoi(v.goal.Class.orders())] + v.mode)
	default:
		b.WriteString("item " + v.mode + "\n" + v.shown + " " + l.nouns[v.goal.noun] + " " + l.numbers[v.price-1])
	}
	if len(v.rows) > 0 {
		b.WriteString("\nrows " + strings.Join(v.rows, " "))
	}
	if len(v.see) > 0 {
		b.WriteString("\nsee " + strings.Join(v.see, " "))
	}
	if v.note {
		b.WriteString("\nnote " + notes()[v.page-1])
	}
	b.WriteString("\ngoal " + v.goal.Sentence)
	return b.String()
}

// notes are the words by which the page behind a stage tells that its choice was wrong.
func notes() []string { return []string{"ads", "old", "draft"} }

// parse reads a page; ok is false where it is none.
func (l *lexicon) parse(text string) (v view, ok bool) {
	lines := strings.Split(text, "\n")
	words := strings.Fields(lines[len(lines)-1])
	if len(words) < 3 || words[0] != "goal" || len(lines) < 2 {
		return v, false
	}
	if v.goal, ok = l.parseGoal(words[1:]); !ok || !l.parsePlace(&v, strings.Fields(lines[0])) {
		return v, false
	}
	for _, line := range lines[1 : len(lines)-1] {
		if !l.parseLine(&v, strings.Fields(line)) {
			return v, false
		}
	}
	return v, v.page != list || len(v.rows) == rowsShown
}

func (l *lexicon) parsePlace(v *view, words []string) bool {
	if len(words) < 2 || words[0] != "at" {
		return false
	}
	switch words[1] {
	case "home":
		v.page = enter
		return len(words) == 2
	case "list", "orders":
		v.page = list
	case "item":
		v.page = item
	default:
		return false
	}
	if len(words) != 3 {
		return false
	}
	v.mode = words[2]
	return slices.Contains(v.goal.Class.options(v.page), v.mode)
}

func (l *lexicon) parseLine(v *view, words []string) bool {
	switch n := len(words); {
	case n > 1 && words[0] == "see":
		v.see = words[1:]
		return true
	case n == 2 && words[0] == "note":
		v.note = true
		return true
	case n > 1 && words[0] == "rows" && v.page == list:
		v.rows = words[1:]
		return true
	case n == 3 && v.page == item && l.sortOf(words[2]) == isNumber:
		v.shown, v.price = words[0], l.terms[words[2]].at+1
		return true
	}
	return false
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
