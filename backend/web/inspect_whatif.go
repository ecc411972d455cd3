package web

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// Names of parts and reasons as package mem writes them.
const (
	partSimilarity     = "similarity"
	partValue          = "value"
	termFromSimilarity = "from-similarity"
	termFromValue      = "from-value"
	whyRank            = "rank"
	nearMisses         = 10 // most candidates behind those that were read that a report of a two-phase reading holds
)

// addsUp tells whether the terms among the parts of every candidate that was considered make up its score.
func addsUp(hits []lab.Hit) bool {
	any := false
	for _, h := range hits {
		if h.Why != "" && h.Why != whyRank {
			continue // kept out before it was scored
		}
		terms := termsOf(h)
		if len(terms) < 2 {
			return false
		}
		sum := 0.0
		for _, v := range terms {
			sum += v
		}
		if math.Abs(sum-float64(h.Score)) > 1e-9*(1+math.Abs(sum)) {
			return false
		}
		any = true
	}
	return any
}

// termsOf are the parts that add up: those whose names begin with "from-", else all.
func termsOf(h lab.Hit) map[string]float64 {
	all, from := map[string]float64{}, map[string]float64{}
	for name, v := range h.Parts {
		all[name] = float64(v)
		if strings.HasPrefix(name, "from-") {
			from[name] = float64(v)
		}
	}
	if len(from) > 0 {
		return from
	}
	return all
}

// gateOf says how many candidates were read and why the others were not: "2 read; 4 rank, 5 below gate".
func gateOf(hits []lab.Hit) string {
	if len(hits) == 0 {
		return ""
	}
	used, why, count := 0, []string{}, map[string]int{}
	for _, h := range hits {
		switch {
		case h.Used:
			used++
		case h.Why != "":
			if count[h.Why]++; count[h.Why] == 1 {
				why = append(why, h.Why)
			}
		}
	}
	parts := []string{}
	for _, w := range why {
		parts = append(parts, fmt.Sprintf("%d %s", count[w], w))
	}
	text := fmt.Sprintf("%d read", used)
	if len(parts) > 0 {
		text += "; not read: " + strings.Join(parts, ", ")
	}
	return text
}

// whatIf says what a two-phase reading by similarity and value would have taken with one of the two alone. Inside the pool the standard
// score rises with what it stands for, so that the order by either is the order of the plain parts. It answers only where the record holds
// all that decides: the whole pool, a choice by rank alone, and no tie at the border that the reading broke by chance or by age.
func whatIf(m lab.Memory) []WhatIf {
	out := []WhatIf{}
	pool, k, ok := poolOf(m)
	if !ok {
		return out
	}
	for _, w := range []struct{ name, part string }{{"similarity alone", partSimilarity}, {"value alone", partValue}} {
		used, ok := bestBy(pool, w.part, k)
		if !ok {
			continue
		}
		out = append(out, changed(w.name, used, m.Hits))
	}
	return out
}

// poolOf returns the candidates that were scored and how many of them were read.
func poolOf(m lab.Memory) (pool []lab.Hit, k int, ok bool) {
	if m.Op != lab.OpRead || !strings.Contains(m.Reason, "(similarity)") || !strings.Contains(m.Reason, "(value)") {
		return nil, 0, false
	}
	for _, h := range m.Hits {
		_, scored := h.Parts[termFromValue]
		_, also := h.Parts[termFromSimilarity]
		switch {
		case !scored || !also:
			if h.Used {
				return nil, 0, false
			}
			continue
		case h.Used:
			k++
		case h.Why != whyRank:
			return nil, 0, false // a budget of tokens decided, too
		}
		pool = append(pool, h)
	}
	// A report that is full may have left candidates of the pool out.
	return pool, k, k > 0 && len(pool) < k+nearMisses
}

// bestBy returns the k entries with the largest part, best first; ok is false when a tie makes it a matter of something else.
func bestBy(pool []lab.Hit, part string, k int) (ids []string, ok bool) {
	sorted := slices.Clone(pool)
	slices.SortStableFunc(sorted, func(a, b lab.Hit) int { return cmp.Compare(b.Parts[part], a.Parts[part]) })
	if k < len(sorted) && sorted[k-1].Parts[part] == sorted[k].Parts[part] {
		return nil, false
	}
	for _, h := range sorted[:min(k, len(sorted))] {
		ids = append(ids, h.Entry)
	}
	return ids, true
}

func changed(name string, used []string, hits []lab.Hit) WhatIf {
	w := WhatIf{Name: name, Used: used, In: []string{}, Out: []string{}}
	for _, h := range hits {
		now := slices.Contains(used, h.Entry)
		switch {
		case now && !h.Used:
			w.In = append(w.In, h.Entry)
		case !now && h.Used:
			w.Out = append(w.Out, h.Entry)
		}
	}
	return w
}
