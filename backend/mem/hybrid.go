package mem

import "github.com/loci-lab/loci/backend/lab"

// Ranked is what one search found, best first, and the name under which it stands in the parts of a score.
type Ranked struct {
	Name    string
	Matches []Match
}

// RRFConstant is k of reciprocal rank fusion in its source.
const RRFConstant = 60

// ReciprocalRank joins the rankings of several searches whose scores have different scales.
//
// Cormack, Clarke, Buettcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods" (SIGIR 2009,
// doi 10.1145/1571941.1572114), sec. 2:  score(d) = sum over rankings r that have d of 1 / (k + r(d)), ranks from 1
//
// Each ranking's term is a part under its name; they add up to the score. The lower id stands first where scores are equal. k must be
// above -1.
func ReciprocalRank(k float64, rankings ...Ranked) []lab.Hit {
	at := map[string]int{}
	var hits []lab.Hit
	for _, r := range rankings {
		for rank, m := range r.Matches {
			i, ok := at[m.ID]
			if !ok {
				i = len(hits)
				at[m.ID] = i
				hits = append(hits, lab.Hit{Entry: m.ID, Parts: map[string]lab.Float{}})
			}
			part := lab.Float(1 / (k + float64(rank+1)))
			hits[i].Parts[r.Name] += part
			hits[i].Score += part
		}
	}
	sortHits(hits)
	return hits
}
