package compare

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/store"
)

// MostArms is how many arms stand side by side: so many can be told apart by colour and dash.
const MostArms = 18

// Arm is one arm with its runs.
type Arm struct {
	Key      string // of the run that names it
	ID       string
	Label    string // tells it from the other arms at hand
	Paper    string
	Notebook string
	Name     string
	Case     string
	Budget   string
	Kernel   string
	Code     string
	Setup    lab.Setup
	Knobs    Knobs
	Runs     []*Row // finished ones, by seed
	Going    []*Row // those that wait, run or pause
	Failed   int    // runs that failed, were stopped or broken off
}

// Seeds are the seeds of the finished runs.
func (a Arm) Seeds() []uint64 {
	out := make([]uint64, len(a.Runs))
	for i, r := range a.Runs {
		out[i] = r.Seed
	}
	return out
}

// Values are the last values of a metric in the order of the seeds, NaN where a run has none.
func (a Arm) Values(metric string) []float64 {
	out := make([]float64, len(a.Runs))
	for i, r := range a.Runs {
		v, ok := r.Final[metric]
		if out[i] = float64(v); !ok || math.IsInf(out[i], 0) {
			out[i] = math.NaN()
		}
	}
	return out
}

// Has tells whether a finished run of the arm has a value of the metric.
func (a Arm) Has(metric string) bool {
	return slices.ContainsFunc(a.Values(metric), func(v float64) bool { return !math.IsNaN(v) })
}

// Holds tells whether a run belongs to the arm.
func (a Arm) Holds(key string) bool {
	is := func(r *Row) bool { return r.Key == key }
	return a.Key == key || slices.ContainsFunc(a.Runs, is) || slices.ContainsFunc(a.Going, is)
}

// Metrics lists the metrics of the finished runs, in the order of the alphabet.
func (a Arm) Metrics() []string {
	names := map[string]bool{}
	for _, r := range a.Runs {
		for name := range r.Final {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// Arms returns the arms that the keys of their runs name, in that order, each once. Errors: not-found for a key without a run, Invalid for
// more than MostArms.
func (x *Index) Arms(ctx context.Context, keys []string) ([]Arm, error) {
	list, err := x.refresh(ctx)
	if err != nil {
		return nil, err
	}
	byKey, byArm := map[string]*Row{}, map[string][]*Row{}
	for _, r := range list {
		byKey[r.Key] = r
		byArm[r.ArmID] = append(byArm[r.ArmID], r)
	}
	var arms []Arm
	for _, key := range keys {
		r := byKey[key]
		if r == nil {
			return nil, lab.Errorf(lab.NotFound, "no run of this computer has the key %q", key).WithHint("take it off the comparison, or choose another run from the list")
		}
		if !slices.ContainsFunc(arms, func(a Arm) bool { return a.ID == r.ArmID }) {
			arms = append(arms, armOf(r, byArm[r.ArmID]))
		}
	}
	if len(arms) > MostArms {
		return nil, lab.Errorf(lab.Invalid, "%d arms are marked, want at most %d side by side", len(arms), MostArms).WithHint("take some marks away")
	}
	label(arms)
	return arms, nil
}

// armOf gathers the runs of an arm. A key is there once, so that each seed is, too.
func armOf(named *Row, runs []*Row) Arm {
	a := Arm{Key: named.Key, ID: named.ArmID, Paper: named.Paper, Notebook: named.Notebook, Name: named.Arm, Case: named.Case, Budget: named.Budget,
		Kernel: named.Kernel, Code: named.Code, Setup: named.set.setup, Knobs: named.set.knobs}
	for _, r := range runs {
		switch r.State {
		case store.Done:
			a.Runs = append(a.Runs, r)
		case store.Queued, store.Running, store.Paused:
			a.Going = append(a.Going, r)
		default:
			a.Failed++
		}
	}
	slices.SortStableFunc(a.Runs, func(x, y *Row) int { return cmp.Compare(x.Seed, y.Seed) })
	return a
}

// label gives each arm the shortest name that tells it from the others: its own, then what else differs, one thing after the other.
func label(arms []Arm) {
	parts := []func(a Arm) string{
		func(a Arm) string { return a.Case }, func(a Arm) string { return a.Paper }, func(a Arm) string { return a.Budget },
	}
	for _, c := range Changed(arms) {
		if !strings.HasPrefix(c.Path, "world.") && !strings.HasSuffix(c.Path, ".kind") {
			parts = append(parts, func(a Arm) string {
				if v, ok := a.Knobs[c.Path]; ok {
					return last(c.Path) + " " + v.Text
				}
				return ""
			})
		}
	}
	parts = append(parts, func(a Arm) string { return a.Kernel }, func(a Arm) string { return "code " + a.Code[:min(6, len(a.Code))] })
	for i := range arms {
		arms[i].Label = arms[i].Name
	}
	for _, part := range parts {
		same := map[string]map[string]bool{} // label -> values of this part
		for _, a := range arms {
			if same[a.Label] == nil {
				same[a.Label] = map[string]bool{}
			}
			same[a.Label][part(a)] = true
		}
		for i, a := range arms {
			if text := part(a); len(same[a.Label]) > 1 && text != "" {
				arms[i].Label += ", " + text
			}
		}
	}
}

// Obstacle says why an arm cannot be compared with another one.
type Obstacle struct {
	What string `json:"what"` // world, budget, metrics, data, kernel
	Text string `json:"text"` // in words, with both values
}

// Obstacles lists what keeps an arm from being compared with the base in a metric. Nothing that it lists may be averaged or subtracted.
func Obstacles(base, a Arm, metric string) []Obstacle {
	out := []Obstacle{}
	add := func(what, format string, args ...any) {
		out = append(out, Obstacle{what, fmt.Sprintf(format, args...)})
	}
	if base.Budget != a.Budget {
		add("budget", "other budget: %s, not %s", a.Budget, base.Budget)
	}
	if worlds := worldChanges(base, a); len(worlds) > 0 {
		add("world", "other world: %s", strings.Join(worlds, ", "))
	}
	if x, y := base.Setup.Data(), a.Setup.Data(); !slices.Equal(x, y) {
		add("data", "other data: %s, not %s", orNone(y), orNone(x))
	}
	if base.Kernel != a.Kernel {
		add("kernel", "other kernel: %s, not %s", a.Kernel, base.Kernel)
	}
	if len(a.Runs) > 0 && base.Has(metric) && !a.Has(metric) {
		add("metrics", "other metrics: no value of %s", metric)
	}
	return out
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, " and ")
}

// worldChanges lists what differs in the world, three settings at most; of worlds of another kind, the kinds alone.
func worldChanges(base, a Arm) []string {
	var out []string
	one, two := base.Knobs["world.kind"].Text, a.Knobs["world.kind"].Text
	if one != two {
		return []string{fmt.Sprintf("%s, not %s", two, one)}
	}
	for _, c := range Changed([]Arm{base, a}) {
		if name, ok := strings.CutPrefix(c.Path, "world."); ok {
			out = append(out, fmt.Sprintf("%s %s, not %s", name, c.Values[1], c.Values[0]))
		}
	}
	if more := len(out) - 3; more > 0 {
		out = append(out[:3], fmt.Sprintf("%d more", more))
	}
	return out
}

// Counterpart finds the arm that an arm is set against: the base where nothing keeps them apart, else the base's arm in the same case,
// when it is there too. ok is false where there is none or where it is the arm itself.
func Counterpart(arms []Arm, base, i int, metric string) (at int, ok bool) {
	if i == base {
		return 0, false
	}
	if len(Obstacles(arms[base], arms[i], metric)) == 0 {
		return base, true
	}
	for k, a := range arms {
		if k != i && a.Name == arms[base].Name && a.Paper == arms[base].Paper && a.Case == arms[i].Case && a.Name != arms[i].Name &&
			len(Obstacles(a, arms[i], metric)) == 0 {
			return k, true
		}
	}
	return 0, false
}

// Pair is one seed of two arms.
type Pair struct {
	Seed      uint64
	Arm, Base float64
}

// Pairs joins the runs of two arms that have the same seed and both a value.
func Pairs(a, base Arm, metric string) []Pair {
	of := map[uint64]float64{}
	for i, v := range base.Values(metric) {
		of[base.Runs[i].Seed] = v
	}
	var out []Pair
	for i, v := range a.Values(metric) {
		if b, ok := of[a.Runs[i].Seed]; ok && !math.IsNaN(v) && !math.IsNaN(b) {
			out = append(out, Pair{a.Runs[i].Seed, v, b})
		}
	}
	return out
}

// WithoutMemory finds the arm of the same paper, case, budget, world and kernel whose memory is of kind none, as like in everything else as
// can be. Errors: Invalid where the arm itself has no memory, not-found where no such arm was run.
func (x *Index) WithoutMemory(ctx context.Context, key string) (string, error) {
	arms, err := x.Arms(ctx, []string{key})
	if err != nil {
		return "", err
	}
	me := arms[0]
	if me.Knobs["memory.kind"].Text == "none" {
		return "", lab.Errorf(lab.Invalid, "arm %q is the one without memory", me.Name).WithHint("choose an arm with a memory")
	}
	list, err := x.refresh(ctx)
	if err != nil {
		return "", err
	}
	best, least := "", math.MaxInt
	for _, r := range list {
		if r.Paper != me.Paper || r.Case != me.Case || r.Kernel != me.Kernel || r.set.knobs["memory.kind"].Text != "none" {
			continue
		}
		other := Arm{Budget: r.Budget, Kernel: r.Kernel, Setup: r.set.setup, Knobs: r.set.knobs}
		if len(Obstacles(me, other, "")) > 0 {
			continue
		}
		score := 4 * (len(Changed([]Arm{me, other})) + unshared(me, other))
		if r.Code != me.Code {
			score += 2
		}
		if r.State != store.Done {
			score++
		}
		if score < least {
			best, least = r.Key, score
		}
	}
	if best == "" {
		return "", lab.Errorf(lab.NotFound, "no arm without memory was run for %s, %s", me.Name, me.Budget).
			WithHint("run an arm with memory.kind: none in the same notebook, at budget %s", me.Budget)
	}
	return best, nil
}

// unshared counts the settings outside the memory that only one of the arms has.
func unshared(a, b Arm) int {
	n := 0
	for _, both := range [][2]Knobs{{a.Knobs, b.Knobs}, {b.Knobs, a.Knobs}} {
		for path := range both[0] {
			if _, ok := both[1][path]; !ok && !strings.HasPrefix(path, "memory.") {
				n++
			}
		}
	}
	return n
}
