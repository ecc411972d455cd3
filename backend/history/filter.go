package history

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// Filter chooses entries of a bank. Its text is words that the entry's text must hold (a word in quotes may have spaces, a minus before a
// word or condition turns it round), and conditions:
//
//	used>0  read>=3  missed>0  helped>0  misled>0  tokens<20  age<100  born>12   counts; born is an episode, age memory events
//	value>0.5                                  any number of an entry; q is another name of value
//	type:schema  id:12  source:episode  label:kitchen  op:write  unsure:yes
type Filter struct {
	words []word
	terms []term
}

type word struct {
	text string
	not  bool
}

// term is one condition: number terms compare, the others look for text.
type term struct {
	field   string
	how     string // :, =, !=, <, <=, >, >=
	text    string
	value   float64
	column  int // of a number of the entry, -1 for a count
	not     bool
	numeric bool
}

// counts are the fields of every bank that are compared as numbers, texts those that are looked into.
func countFields() []string {
	return []string{"used", "read", "missed", "helped", "misled", "tokens", "age", "born"}
}

func textFields() []string { return []string{"type", "id", "source", "label", "op", "unsure"} }

// Parse reads a filter for this bank. A condition that it does not know is an error of code invalid that lists the legal ones.
func (b *Bank) Parse(text string) (Filter, error) {
	var f Filter
	for _, piece := range pieces(text) {
		if err := f.add(b, piece); err != nil {
			return Filter{}, err
		}
	}
	return f, nil
}

// piece is a part of the text between spaces; quoted ones are words whatever they hold.
type piece struct {
	text   string
	quoted bool
	not    bool
}

func pieces(text string) []piece {
	var all []piece
	for rest := strings.TrimSpace(text); rest != ""; rest = strings.TrimSpace(rest) {
		var p piece
		if len(rest) > 1 && rest[0] == '-' && rest[1] != ' ' {
			p.not, rest = true, rest[1:]
		}
		if rest[0] == '"' {
			end := strings.IndexByte(rest[1:], '"')
			if end < 0 {
				end = len(rest) - 1
			}
			p.text, p.quoted = rest[1:1+end], true
			rest = rest[min(end+2, len(rest)):]
		} else {
			p.text, rest, _ = strings.Cut(rest, " ")
		}
		if p.text != "" {
			all = append(all, p)
		}
	}
	return all
}

func (f *Filter) add(b *Bank, p piece) error {
	field, how, value := split(p.text)
	if p.quoted || how == "" {
		f.words = append(f.words, word{strings.ToLower(p.text), p.not})
		return nil
	}
	t, err := b.term(field, how, value)
	if err != nil {
		return err
	}
	t.not = p.not
	f.terms = append(f.terms, t)
	return nil
}

// split cuts a condition at its sign; how is "" for a word.
func split(text string) (field, how, value string) {
	i := strings.IndexAny(text, "<>=!:")
	if i <= 0 {
		return text, "", ""
	}
	for _, sign := range []string{">=", "<=", "!=", ">", "<", "=", ":"} {
		if rest, ok := strings.CutPrefix(text[i:], sign); ok {
			return strings.ToLower(text[:i]), sign, rest
		}
	}
	return text, "", ""
}

func (b *Bank) term(field, how, value string) (term, error) {
	if slices.Contains(textFields(), field) {
		if value == "" || (how != ":" && how != "=") {
			return term{}, lab.Errorf(lab.Invalid, "filter %q wants a text after a colon", field+how+value).WithHint("write for example %s:%s", field, example(field))
		}
		if field == "op" && !slices.Contains([]string{"write", "change", "merge", "delete"}, value) {
			return term{}, lab.Errorf(lab.Invalid, "filter op:%s is unknown, want one of write, change, merge, delete", value).WithHint("choose one of them, and a moment to compare with")
		}
		return term{field: field, how: ":", text: strings.ToLower(value), column: -1}, nil
	}
	column, ok := b.column(field)
	if !ok && !slices.Contains(countFields(), field) {
		legal := slices.Concat(countFields(), textFields(), b.numbers)
		return term{}, lab.Errorf(lab.Invalid, "filter %q names %q, want one of %q", field+how+value, field, legal).
			WithHint("put a text that holds such a sign into quotes")
	}
	x, err := strconv.ParseFloat(value, 64)
	if err != nil || math.IsNaN(x) {
		return term{}, lab.Errorf(lab.Invalid, "filter %q compares with %q, want a number", field+how+value, value).WithHint("write for example %s>0", field)
	}
	if how == ":" {
		how = "="
	}
	return term{field: field, how: how, value: x, column: column, numeric: true}, nil
}

func example(field string) string {
	switch field {
	case "op":
		return "write"
	case "unsure":
		return "yes"
	}
	return "word"
}

// column returns the place of a number's name, in any case of letters; q stands for value where no number is called so. Counts go before.
func (b *Bank) column(field string) (int, bool) {
	if slices.Contains(countFields(), field) {
		return -1, false
	}
	for i, name := range b.numbers {
		if strings.EqualFold(name, field) {
			return i, true
		}
	}
	if i, ok := b.numberAt["value"]; ok && field == "q" {
		return i, true
	}
	return -1, false
}

// Empty tells whether everything passes.
func (f *Filter) Empty() bool { return len(f.words) == 0 && len(f.terms) == 0 }

// Match tells whether an entry passes at a moment. d may be nil: then nothing has happened in between.
func (b *Bank) Match(f *Filter, s Standing, moment int, d *Difference) bool {
	v := &b.slots[s.slot].versions[s.version]
	for _, w := range f.words {
		if strings.Contains(v.low, w.text) == w.not {
			return false
		}
	}
	for _, t := range f.terms {
		if b.holds(t, s, moment, d) == t.not {
			return false
		}
	}
	return true
}

func (b *Bank) holds(t term, s Standing, moment int, d *Difference) bool {
	if !t.numeric {
		return b.contains(t, s, moment, d)
	}
	x, ok := 0.0, true
	if t.column >= 0 {
		x, ok = b.slots[s.slot].versions[s.version].number(t.column)
	} else {
		x = b.countOf(t.field, s, moment)
	}
	if !ok || x != x {
		return false
	}
	c := cmp.Compare(x, t.value)
	switch t.how {
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	case ">=":
		return c >= 0
	case "!=":
		return c != 0
	}
	return c == 0
}

func (b *Bank) countOf(field string, s Standing, moment int) float64 {
	slot := &b.slots[s.slot]
	switch field {
	case "tokens":
		return float64(slot.versions[s.version].tokens)
	case "age":
		return float64(max(moment-int(slot.versions[0].from), 0))
	case "born":
		return float64(b.run.Place(int(slot.versions[0].from)).Episode)
	case "used", "read", "missed":
		used, missed := slot.readCounts(moment)
		if field == "missed" {
			return float64(missed)
		}
		return float64(used)
	}
	f := b.Facts(s, moment)
	if field == "helped" {
		return float64(f.Helped)
	}
	return float64(f.Misled)
}

func (b *Bank) contains(t term, s Standing, moment int, d *Difference) bool {
	slot := &b.slots[s.slot]
	v := &slot.versions[s.version]
	has := func(text string) bool { return strings.Contains(strings.ToLower(text), t.text) }
	switch t.field {
	case "type":
		return strings.EqualFold(v.kind, t.text)
	case "id":
		return strings.EqualFold(slot.id, t.text)
	case "source":
		return slices.ContainsFunc(v.sources, has)
	case "label":
		return slices.ContainsFunc(v.labels, has)
	case "unsure":
		return (slot.unsure <= clamp(moment)) == (t.text == "yes")
	}
	return d != nil && string(d.Op(s)) == t.text
}
