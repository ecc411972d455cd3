package mem

import (
	"fmt"
	"math"

	"github.com/loci-lab/loci/backend/lab"
)

// Candidate is an entry with what a score is made of.
type Candidate struct {
	ID         string
	Similarity float64 // to the query, a cosine in [-1,1]
	Value      float64 // learned from outcomes
	Importance float64 // whatever is asked
	Age        float64 // since it was last recalled, in the unit of the decay, at least 0
}

// Why a candidate is not used.
const (
	WhyGate   = "below gate"   // not similar enough
	WhyPool   = "outside pool" // similar enough, and others were more so
	WhyRank   = "rank"         // behind the K best
	WhyBudget = "over budget"  // its tokens did not fit any more
)

// ValueAware is the two-phase choice of MemRL, arXiv 2601.03192v1: similarity decides what is considered, value and similarity together
// what is read.
type ValueAware struct {
	Delta  float64 // only what is more similar is considered
	Pool   int     // k1: most candidates; 0 for no limit
	Lambda float64 // share of the value in the score, in [0,1]
	Clip   float64 // standard scores are held within [-Clip, Clip]; 0 leaves them
	Raw    bool    // similarity and value as they are, in place of their standard scores (an ablation)
}

// Score returns the pool, best first, and behind it those that the gate or the size of the pool kept out, most similar first.
//
//	phase A:  C = the k1 most similar of those with sim > delta
//	phase B:  score = (1 - lambda) z(sim) + lambda z(Q)
//
// z is the standard score inside C with the spread of C itself (divided by its size); it is 0 where C has no spread. Parts: similarity and
// value as they are; from-similarity and from-value are the two terms, which add up to the score. What was kept out has its similarity as
// score.
func (v ValueAware) Score(all []Candidate) []lab.Hit {
	pool, out := v.pool(all)
	similarity, value := make([]float64, len(pool)), make([]float64, len(pool))
	for i, c := range pool {
		similarity[i], value[i] = c.Similarity, c.Value
	}
	if !v.Raw {
		v.standard(similarity)
		v.standard(value)
	}
	hits := make([]lab.Hit, len(pool))
	for i, c := range pool {
		s, q := (1-v.Lambda)*similarity[i], v.Lambda*value[i]
		hits[i] = lab.Hit{Entry: c.ID, Score: lab.Float(s + q), Parts: map[string]lab.Float{
			"similarity": lab.Float(c.Similarity), "value": lab.Float(c.Value), "from-similarity": lab.Float(s), "from-value": lab.Float(q)}}
	}
	sortHits(hits)
	return number(append(hits, out...))
}

// pool is phase A: who is considered, and hits for those that are not.
func (v ValueAware) pool(all []Candidate) (pool []Candidate, out []lab.Hit) {
	at, ranked := map[string]Candidate{}, make([]Match, len(all))
	for i, c := range all {
		at[c.ID], ranked[i] = c, Match{c.ID, c.Similarity}
	}
	sortMatches(ranked)
	for _, m := range ranked {
		c := at[m.ID]
		switch {
		case !(c.Similarity > v.Delta):
			out = append(out, v.kept(c, WhyGate))
		case v.Pool > 0 && len(pool) >= v.Pool:
			out = append(out, v.kept(c, WhyPool))
		default:
			pool = append(pool, c)
		}
	}
	return pool, out
}

func (v ValueAware) kept(c Candidate, why string) lab.Hit {
	return lab.Hit{Entry: c.ID, Score: lab.Float(c.Similarity), Why: why,
		Parts: map[string]lab.Float{"similarity": lab.Float(c.Similarity), "value": lab.Float(c.Value)}}
}

// standard replaces numbers by their clipped standard scores.
func (v ValueAware) standard(x []float64) {
	Standardise(x)
	if v.Clip > 0 {
		for i := range x {
			x[i] = min(max(x[i], -v.Clip), v.Clip)
		}
	}
}

// Reason says how the scores were made, for the event of a read.
func (v ValueAware) Reason() string {
	form := "%.3g z(similarity) + %.3g z(value)"
	if v.Raw {
		form = "%.3g similarity + %.3g value"
	}
	return fmt.Sprintf(form+" among the %d most similar above %.3g", 1-v.Lambda, v.Lambda, v.Pool, v.Delta)
}

// Standardise replaces numbers by their standard scores, (x - mean) / deviation with the deviation divided by their count. Numbers without
// spread become 0.
func Standardise(x []float64) {
	low, high := bounds(x)
	var mean, square float64
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		square += (v - mean) * (v - mean) / float64(len(x))
	}
	for i := range x {
		if low == high || square == 0 {
			x[i] = 0 // a rounded mean would leave a spread among equals
		} else {
			x[i] = (x[i] - mean) / math.Sqrt(square)
		}
	}
}

// Scale01 maps numbers linearly to [0,1], the least to 0 and the largest to 1. Numbers without spread become 0.
func Scale01(x []float64) {
	low, high := bounds(x)
	for i := range x {
		if low == high {
			x[i] = 0
		} else {
			x[i] = (x[i] - low) / (high - low)
		}
	}
}

func bounds(x []float64) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, v := range x {
		low, high = min(low, v), max(high, v)
	}
	return low, high
}

// Generative is the score of generative agents, arXiv 2304.03442v2, sec. 4.1:
//
//	score = a recency + b importance + c relevance,  recency = Decay ^ age
//
// each of the three scaled to [0,1] over all candidates by its least and largest value.
type Generative struct {
	Decay                          float64 // in (0,1], for each unit of age
	Recency, Importance, Relevance float64 // weights; the paper's are 1
}

// DefaultGenerative has the paper's values; its unit of age is an hour of the game.
func DefaultGenerative() Generative { return Generative{0.995, 1, 1, 1} }

// Score returns all candidates, best first, with the three weighted terms as parts; they add up to the score.
func (g Generative) Score(all []Candidate) []lab.Hit {
	recency, importance, relevance := make([]float64, len(all)), make([]float64, len(all)), make([]float64, len(all))
	for i, c := range all {
		recency[i], importance[i], relevance[i] = math.Pow(g.Decay, c.Age), c.Importance, c.Similarity
	}
	Scale01(recency)
	Scale01(importance)
	Scale01(relevance)
	hits := make([]lab.Hit, len(all))
	for i, c := range all {
		r, w, s := g.Recency*recency[i], g.Importance*importance[i], g.Relevance*relevance[i]
		hits[i] = lab.Hit{Entry: c.ID, Score: lab.Float(r + w + s),
			Parts: map[string]lab.Float{"recency": lab.Float(r), "importance": lab.Float(w), "relevance": lab.Float(s)}}
	}
	sortHits(hits)
	return hits
}

// number numbers ranks from 1 in the order in which hits stand.
func number(hits []lab.Hit) []lab.Hit {
	for i := range hits {
		hits[i].Rank = i + 1
	}
	return hits
}
