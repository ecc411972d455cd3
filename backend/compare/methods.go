package compare

import (
	"fmt"
	"slices"
	"strings"
)

// Method is an arm over its cases: the cases are tasks, and scores stand by task and seed.
type Method struct {
	Label  string
	Arm    int         // the first of its arms, which gives it its colour
	Scores [][]float64 // [tasks][seeds]
}

// Aggregate is what is averaged over tasks.
type Aggregate struct {
	Methods []Method
	Tasks   []string // cases that every method has; "" where there are no cases
	Left    []string // what is left out and why, in words
}

// OverTasks puts the arms of one name together over their cases. Methods are those that can be compared with the base's in at least one
// case; tasks are the cases that all of them have. Everything else is named and left out.
func OverTasks(arms []Arm, base int, metric string) Aggregate {
	var out Aggregate
	same := func(a, b Arm) bool {
		return a.Paper == b.Paper && a.Name == b.Name && a.Budget == b.Budget && a.Kernel == b.Kernel && a.Code == b.Code
	}
	tasks := map[string]int{} // case -> arm of the base's method
	var order []string
	for i, a := range arms {
		if _, had := tasks[a.Case]; same(a, arms[base]) && !had && a.Has(metric) {
			tasks[a.Case], order = i, append(order, a.Case)
		}
	}
	groups := [][]int{} // arms of a method that can be compared
	for i, a := range arms {
		against, ok := tasks[a.Case]
		if !ok || !a.Has(metric) || len(Obstacles(arms[against], a, metric)) > 0 {
			out.Left = append(out.Left, a.Label+": "+why(arms, tasks, a, metric))
			continue
		}
		k := slices.IndexFunc(groups, func(g []int) bool {
			return same(arms[g[0]], a) && !slices.ContainsFunc(g, func(j int) bool { return arms[j].Case == a.Case })
		})
		if k < 0 {
			groups = append(groups, []int{i})
		} else {
			groups[k] = append(groups[k], i)
		}
	}
	for _, task := range order {
		lacking := slices.IndexFunc(groups, func(g []int) bool { return at(arms, g, task) < 0 })
		if lacking >= 0 {
			out.Left = append(out.Left, fmt.Sprintf("case %s: not run with %s", task, arms[groups[lacking][0]].Name))
			continue
		}
		out.Tasks = append(out.Tasks, task)
	}
	if len(out.Tasks) == 0 {
		return out
	}
	for _, g := range groups {
		m := Method{Label: arms[g[0]].Label, Arm: g[0]}
		if len(g) > 1 {
			m.Label = strings.Replace(m.Label, ", "+arms[g[0]].Case, "", 1)
		}
		for _, task := range out.Tasks {
			m.Scores = append(m.Scores, arms[at(arms, g, task)].Values(metric))
		}
		out.Methods = append(out.Methods, m)
	}
	return out
}

// at finds the arm of a group in a case, -1 where it has none.
func at(arms []Arm, group []int, kase string) int {
	for _, i := range group {
		if arms[i].Case == kase {
			return i
		}
	}
	return -1
}

// why says what keeps an arm out of the aggregate.
func why(arms []Arm, tasks map[string]int, a Arm, metric string) string {
	if !a.Has(metric) {
		return "no finished value of " + metric
	}
	against, ok := tasks[a.Case]
	if !ok {
		return "the base was not run in case " + a.Case
	}
	var texts []string
	for _, o := range Obstacles(arms[against], a, metric) {
		texts = append(texts, o.Text)
	}
	return strings.Join(texts, "; ")
}
