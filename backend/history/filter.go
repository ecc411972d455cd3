package history

import (
	"cmp"
	"fmt"
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

// Sort orders entries. by is "born", "read", "missed", "tokens", "age", "changed", "text", "id", "since" (the change of the number "value"
// or of the first one, largest first in either direction) or the name of a number; a minus before it turns the order round. "" is the
// newest first, behind those that changed between the moments of d.
func (b *Bank) Sort(all []Standing, by string, moment int, d *Difference) error {
	name, down := strings.CutPrefix(by, "-")
	keys := make([]float64, len(all))
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	if name == "text" || name == "id" {
		b.sortByText(all, name, down)
		return nil
	}
	key, err := b.sortKey(name, moment, d)
	if err != nil {
		return err
	}
	for i, s := range all {
		keys[i] = key(s)
	}
	sign := 1
	if down {
		sign = -1
	}
	slices.SortStableFunc(order, func(i, j int) int {
		x, y := keys[i], keys[j]
		if x != x || y != y { // what has no such number stands last
			return cmp.Compare(number(x != x), number(y != y))
		}
		return sign * cmp.Compare(x, y)
	})
	sorted := make([]Standing, len(all))
	for i, k := range order {
		sorted[i] = all[k]
	}
	copy(all, sorted)
	return nil
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (b *Bank) sortByText(all []Standing, name string, down bool) {
	slices.SortStableFunc(all, func(x, y Standing) int {
		c := strings.Compare(b.slots[x.slot].versions[x.version].low, b.slots[y.slot].versions[y.version].low)
		if name == "id" {
			p, q := b.slots[x.slot].id, b.slots[y.slot].id
			c = cmp.Or(cmp.Compare(len(p), len(q)), cmp.Compare(p, q))
		}
		if down {
			return -c
		}
		return c
	})
}

func (b *Bank) sortKey(name string, moment int, d *Difference) (func(Standing) float64, error) {
	slotOf := func(s Standing) *slot { return &b.slots[s.slot] }
	switch name {
	case "":
		return func(s Standing) float64 {
			if d != nil && d.Op(s) != "" {
				return -float64(s.slot) - 1e9
			}
			return -float64(s.slot)
		}, nil
	case "born":
		return func(s Standing) float64 { return float64(s.slot) }, nil
	case "changed":
		return func(s Standing) float64 { return float64(slotOf(s).versions[s.version].from) }, nil
	case "since":
		return func(s Standing) float64 { return -math.Abs(b.moved(d, s)) }, nil
	case "tokens", "age", "read", "used", "missed", "helped", "misled":
		return func(s Standing) float64 { return b.countOf(name, s, moment) }, nil
	}
	column, ok := b.column(strings.ToLower(name))
	if !ok {
		legal := slices.Concat([]string{"born", "changed", "since", "text", "id"}, countFields(), b.numbers)
		return nil, lab.Errorf(lab.Invalid, "order %q is unknown, want one of %q", name, legal).WithHint("click the head of a column")
	}
	return func(s Standing) float64 {
		x, ok := slotOf(s).versions[s.version].number(column)
		if !ok {
			return math.NaN()
		}
		return x
	}, nil
}

// Main is the number that a bank is first of all looked at by: its value, else its score, else the first one that moves; "" for none.
func (b *Bank) Main() string {
	for _, name := range []string{"value", "q", "score", "importance", "strength"} {
		if _, ok := b.numberAt[name]; ok {
			return name
		}
	}
	for _, name := range b.numbers {
		if name != "made" && name != "read" {
			return name
		}
	}
	return ""
}

// moved is by how much the main number of an entry changed between the moments of a difference; NaN where it has none at one of them.
func (b *Bank) moved(d *Difference, s Standing) float64 {
	if d == nil {
		return math.NaN()
	}
	before, ok := b.Earlier(d, s)
	if !ok {
		return math.NaN()
	}
	x, had := b.Number(before, b.Main())
	y, has := b.Number(s, b.Main())
	if !had || !has {
		return math.NaN()
	}
	return y - x
}

// NeverRead counts the entries of a list that were not used before a moment.
func (b *Bank) NeverRead(all []Standing, moment int) int {
	n := 0
	for _, s := range all {
		if used, _ := b.slots[s.slot].readCounts(moment); used == 0 {
			n++
		}
	}
	return n
}

// Group is a part of a bank.
type Group struct {
	Name   string
	Filter string // that shows it
	Count  int
	Tokens int
}

// Groups divides entries by "type", "age", "use" or a number of theirs, in at most eight parts.
func (b *Bank) Groups(all []Standing, by string, moment int) ([]Group, error) {
	switch by {
	case "type":
		return b.byType(all), nil
	case "use":
		return b.bands(all, "used", []float64{0, 1, 3, 10, 30, 100}, func(s Standing) float64 { return b.countOf("used", s, moment) }), nil
	case "age":
		edges := []float64{0}
		for _, share := range []float64{0.05, 0.2, 0.5} {
			edges = append(edges, math.Round(share*float64(moment)))
		}
		return b.bands(all, "age", edges, func(s Standing) float64 { return b.countOf("age", s, moment) }), nil
	case "value":
		by = b.Main()
	}
	column, ok := b.column(strings.ToLower(by))
	if !ok {
		return nil, lab.Errorf(lab.Invalid, "groups by %q are unknown, want one of type, age, use, value or %q", by, b.numbers).WithHint("choose one of them")
	}
	value := func(s Standing) float64 {
		x, ok := b.slots[s.slot].versions[s.version].number(column)
		if !ok {
			return math.NaN()
		}
		return x
	}
	return b.bands(all, b.numbers[column], b.quarters(all, value), value), nil
}

func (b *Bank) byType(all []Standing) []Group {
	at, out := map[string]int{}, []Group{}
	for _, s := range all {
		v := &b.slots[s.slot].versions[s.version]
		i, ok := at[v.kind]
		if !ok {
			i = len(out)
			at[v.kind] = i
			out = append(out, Group{Name: v.kind, Filter: "type:" + v.kind})
		}
		out[i].Count++
		out[i].Tokens += int(v.tokens)
	}
	slices.SortStableFunc(out, func(x, y Group) int { return cmp.Compare(y.Count, x.Count) })
	return out[:min(len(out), 8)]
}

// quarters are edges that divide the values into four parts of about the same size.
func (b *Bank) quarters(all []Standing, value func(Standing) float64) []float64 {
	xs := []float64{}
	for _, s := range all {
		if x := value(s); x == x && !math.IsInf(x, 0) {
			xs = append(xs, x)
		}
	}
	slices.Sort(xs)
	edges := []float64{}
	for i := range 4 {
		if len(xs) > 0 {
			edges = append(edges, xs[i*len(xs)/4])
		}
	}
	return slices.Compact(edges)
}

// bands are the parts between edges; the last one is open. The edges are legal in a filter as they stand.
func (b *Bank) bands(all []Standing, field string, edges []float64, value func(Standing) float64) []Group {
	out := []Group{}
	edges = slices.Compact(edges)
	for i, low := range edges {
		g := Group{Name: fmt.Sprintf("%s %.4g and more", field, low), Filter: fmt.Sprintf("%s>=%v", field, low)}
		high := math.Inf(1)
		if i+1 < len(edges) {
			high = edges[i+1]
			g.Name = fmt.Sprintf("%s %.4g to under %.4g", field, low, high)
			g.Filter += fmt.Sprintf(" %s<%v", field, high)
		}
		for _, s := range all {
			if x := value(s); x >= low && x < high {
				g.Count++
				g.Tokens += int(b.slots[s.slot].versions[s.version].tokens)
			}
		}
		if g.Count > 0 {
			out = append(out, g)
		}
	}
	return out
}
