package compare

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/store"
)

// Source is where runs are kept; store.Store fulfils it.
type Source interface {
	RunMarks(ctx context.Context) ([]store.Mark, error)
	RunBriefs(ctx context.Context, ids []int64) ([]store.Brief, error)
}

// Index keeps what a filter reads of every run in memory and follows the store: each question first asks which runs have changed. Several
// goroutines may use it.
type Index struct {
	source Source
	titles func(paper string) string

	mu      sync.Mutex
	rows    map[int64]*Row
	list    []*Row // newest first
	settled map[string]*settings
	names   map[string]int // knobs by path and last name, and metrics: in how many runs
}

// Row is one run of the index; it never changes.
type Row struct {
	store.Brief
	ArmID string // equal for the runs of one arm
	mark  store.Mark
	set   *settings
	text  string // what words are looked for in, in small letters
}

// settings are shared by the runs of one set-up.
type settings struct {
	knobs Knobs
	setup lab.Setup
	named map[string][]Value // by path and by last name
}

// NewIndex makes an index that is filled by its first question. titles says how people call a paper; words of a filter find it.
func NewIndex(source Source, titles func(paper string) string) *Index {
	return &Index{source: source, titles: titles, rows: map[int64]*Row{}, settled: map[string]*settings{}, names: map[string]int{}}
}

// refresh brings the index up to date and returns all runs, newest first. The list is not changed afterwards.
func (x *Index) refresh(ctx context.Context) ([]*Row, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	marks, err := x.source.RunMarks(ctx)
	if err != nil {
		return nil, err
	}
	changed := []int64{}
	same := len(marks) == len(x.list)
	for i, m := range marks {
		if r := x.rows[m.ID]; r == nil || r.mark != m {
			changed = append(changed, m.ID)
		}
		same = same && x.list[i].ID == m.ID
	}
	if same && len(changed) == 0 {
		return x.list, nil
	}
	if len(changed) == len(marks) {
		changed = nil
	}
	briefs, err := x.source.RunBriefs(ctx, changed)
	if err != nil {
		return nil, err
	}
	x.take(marks, briefs)
	return x.list, nil
}

// take puts the changed runs in place and lists them in the order of the marks.
func (x *Index) take(marks []store.Mark, briefs []store.Brief) {
	fresh := make(map[int64]*Row, len(briefs))
	for _, b := range briefs {
		fresh[b.ID] = x.row(b)
	}
	old := x.rows
	x.rows, x.list = make(map[int64]*Row, len(marks)), make([]*Row, 0, len(marks))
	for _, m := range marks {
		r := fresh[m.ID]
		if r == nil {
			r = old[m.ID]
		}
		if r == nil { // deleted between the two questions
			continue
		}
		r = &Row{Brief: r.Brief, ArmID: r.ArmID, mark: m, set: r.set, text: r.text}
		x.rows[m.ID], x.list = r, append(x.list, r)
	}
}

func (x *Index) row(b store.Brief) *Row {
	r := &Row{Brief: b, set: x.settings(b.Setup)}
	h := fnv.New64a()
	for _, part := range []string{b.Paper, b.Arm, b.Case, b.Budget, b.Setup, b.Code, b.Kernel} {
		_, _ = h.Write([]byte(part)) // a hash takes everything
		_, _ = h.Write([]byte{0})
	}
	r.ArmID = fmt.Sprintf("%016x", h.Sum64())
	r.text = strings.ToLower(x.titles(b.Paper) + " " + b.Paper + " " + b.Notebook + " " + b.Arm + " " + b.Case)
	for name := range b.Final {
		x.names[name]++
	}
	return r
}

func (x *Index) settings(setup string) *settings {
	if s := x.settled[setup]; s != nil {
		return s
	}
	knobs, whole := readKnobs(setup)
	s := &settings{knobs: knobs, setup: whole, named: make(map[string][]Value, 2*len(knobs))}
	for path, v := range knobs {
		s.named[path] = append(s.named[path], v)
		x.names[path]++
		if short := last(path); short != path {
			s.named[short] = append(s.named[short], v)
			x.names[short]++
		}
	}
	x.settled[setup] = s
	return s
}

// Query asks for a page of runs.
type Query struct {
	Filter string
	Sort   string // field, knob or metric, "-" before it for falling order; "" is newest first
	Limit  int
	Offset int
}

// Page is a page of runs.
type Page struct {
	Total  int // runs there are
	Found  int // runs that the filter lets through
	Arms   int // arms among them
	States map[string]int
	Papers map[string]int
	Rows   []*Row
	Named  []string // knobs and metrics that filter and sort speak of
}

// Find returns the chosen runs. Errors: Invalid with the place in the filter, or for a sort by an unknown name.
func (x *Index) Find(ctx context.Context, q Query) (Page, error) {
	list, err := x.refresh(ctx)
	if err != nil {
		return Page{}, err
	}
	f, err := x.filter(q.Filter)
	if err != nil {
		return Page{}, err
	}
	p := Page{Total: len(list), States: map[string]int{}, Papers: map[string]int{}, Named: f.Named()}
	found, arms := make([]*Row, 0, len(list)), map[string]bool{}
	for _, r := range list {
		if f.matches(r) {
			found, arms[r.ArmID] = append(found, r), true
			p.States[string(r.State)]++
			p.Papers[r.Paper]++
		}
	}
	p.Found, p.Arms = len(found), len(arms)
	by, falling := strings.TrimPrefix(q.Sort, "-"), strings.HasPrefix(q.Sort, "-")
	if by != "" && by != "newest" {
		if err := x.sort(found, by, falling); err != nil {
			return Page{}, err
		}
		if !slices.Contains(Fields(), by) && !slices.Contains(p.Named, by) {
			p.Named = append(p.Named, by)
		}
	}
	from := min(max(q.Offset, 0), len(found))
	p.Rows = found[from:]
	if q.Limit > 0 {
		p.Rows = found[from:min(from+q.Limit, len(found))]
	}
	return p, nil
}

// filter reads a filter and checks its fields against what the runs have.
func (x *Index) filter(text string) (Filter, error) {
	f, err := ParseFilter(text)
	if err != nil {
		return Filter{}, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, t := range f.terms {
		if t.field == "" || x.known(t.field) {
			continue
		}
		legal := x.near(t.field)
		e := flaw(t.at, len([]rune(t.field)), legal, "%q at character %d is no field, want one of %s, or the name of a knob or a metric",
			t.field, t.at+1, strings.Join(Fields(), ", "))
		if len(legal) > 0 {
			return Filter{}, e.WithHint("knobs and metrics with a name like it: %s", strings.Join(legal, ", "))
		}
		return Filter{}, e.WithHint("a knob is named by its last name (lambda) or its path (memory.lambda), a metric by its name (success)")
	}
	return f, nil
}

func (x *Index) known(name string) bool {
	return slices.Contains(Fields(), name) || x.names[name] > 0 || x.names[strings.TrimPrefix(name, "metric.")] > 0
}

// near lists at most six known names that are like one that is not.
func (x *Index) near(name string) []string {
	type scored struct {
		name  string
		score int
	}
	var all []scored
	for _, known := range append(Fields(), slices.Sorted(maps.Keys(x.names))...) {
		d := distance(strings.ToLower(name), strings.ToLower(last(known)))
		if d <= max(1, len(name)/3) || len(name) > 2 && strings.Contains(known, name) {
			all = append(all, scored{known, d})
		}
	}
	slices.SortStableFunc(all, func(a, b scored) int {
		return cmp.Or(cmp.Compare(a.score, b.score), cmp.Compare(len(a.name), len(b.name)))
	})
	var out []string
	for _, s := range all[:min(len(all), 6)] {
		out = append(out, s.name)
	}
	return out
}

// distance is the number of letters to add, drop or change (Levenshtein 1965).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := before
			if a[i] != b[j] {
				cost++
			}
			before = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// sort orders runs by a name; those without a value come last either way, equal ones stay newest first.
func (x *Index) sort(rows []*Row, by string, falling bool) error {
	x.mu.Lock()
	ok := x.known(by)
	near := x.near(by)
	x.mu.Unlock()
	if !ok {
		return lab.Errorf(lab.Invalid, "runs cannot be sorted by %q, want newest, one of %s, or the name of a knob or a metric", by, strings.Join(Fields(), ", ")).
			WithHint("names like it: %s", strings.Join(near, ", "))
	}
	all := make([]keyed, len(rows))
	for i, r := range rows {
		all[i] = keyed{row: r}
		all[i].n, all[i].text = r.sortKey(by)
	}
	slices.SortStableFunc(all, func(a, b keyed) int {
		if absent := cmp.Compare(a.absent(), b.absent()); absent != 0 {
			return absent
		}
		order := cmp.Or(cmp.Compare(a.n, b.n), cmp.Compare(a.text, b.text))
		if falling {
			order = -order
		}
		return order
	})
	for i := range all {
		rows[i] = all[i].row
	}
	return nil
}

// keyed is a run with what it is sorted by.
type keyed struct {
	row  *Row
	n    float64
	text string
}

func (k keyed) absent() int {
	if math.IsNaN(k.n) && k.text == "" {
		return 1
	}
	return 0
}
