package mem

import "github.com/loci-lab/loci/backend/lab"

// Gate keeps hits out whose part of that name is not above a bound: they get Why "below gate", and the order stays.
func Gate(hits []lab.Hit, part string, above float64) {
	for i := range hits {
		if h := &hits[i]; h.Why == "" && !(float64(h.Parts[part]) > above) {
			h.Why = WhyGate
		}
	}
}

// GateNearBest keeps hits out whose score is below that share, in [0,1], of the best one's that is still in.
func GateNearBest(hits []lab.Hit, share float64) {
	best, found := lab.Float(0), false
	for i := range hits {
		h := &hits[i]
		if h.Why != "" {
			continue
		}
		if !found {
			best, found = h.Score, true
		}
		if float64(h.Score) < share*float64(best) {
			h.Why = WhyGate
		}
	}
}

// Limit is how much a reading may hold; 0 is no limit.
type Limit struct {
	K      int // entries
	Tokens int // of all entries together
}

// Recall takes the best hits that nothing kept out, as many as the limit lets in, reports the read, and returns the entries with the best
// one last. An entry that does not fit into the tokens that are left is passed over, and a shorter one behind it may still come in. Near
// misses stay among the hits, each with its reason. Hits of entries that the bank does not hold are errors of code internal.
func (b *Bank) Recall(query string, hits []lab.Hit, limit Limit, reason string) (Reading, error) {
	hits = number(hits)
	var used []lab.Entry
	tokens := 0
	for i := range hits {
		h := &hits[i]
		e, ok := b.Get(h.Entry)
		switch {
		case !ok:
			return Reading{}, lab.Errorf(lab.Internal, "bank %q: a search found entry %q, which is not there", b.Name, h.Entry)
		case h.Why != "":
		case limit.K > 0 && len(used) >= limit.K:
			h.Why = WhyRank
		case limit.Tokens > 0 && tokens+e.Tokens > limit.Tokens:
			h.Why = WhyBudget
		default:
			h.Used = true
			tokens += e.Tokens
			used = append(used, *copied(e))
		}
	}
	for i, j := 0, len(used)-1; i < j; i, j = i+1, j-1 {
		used[i], used[j] = used[j], used[i]
	}
	return Reading{Entries: used, Hits: hits}, b.Read(query, hits, reason)
}
