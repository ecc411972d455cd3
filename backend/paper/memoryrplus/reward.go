package memoryrplus

import (
	"math"

	mathworld "github.com/loci-lab/loci/backend/world/math"
)

// The reward schemes: the paper's method, its ablation, and its baselines.
const (
	R1          = "r1"            // outcome and format alone
	Cosine      = "cosine"        // a reward shaped by length in the place of the memory
	MemoryR     = "memory-r"      // exploit term alone
	MemoryRPlus = "memory-r-plus" // exploit and explore
)

// memory is the success store, the failure store and the windows that scale their rewards. As JSON it is its whole state but for the
// embeddings, which are made anew.
type memory struct {
	knobs    RLKnobs
	Success  store
	Failure  store
	Distance window
	Novelty  window
}

func newMemory(k RLKnobs) *memory {
	return &memory{knobs: k, Success: store{Questions: k.Stored, Each: k.Each}, Failure: store{Questions: k.Stored, Each: k.Each},
		Distance: window{Most: k.Window}, Novelty: window{Most: k.Window}}
}

// answer is one sampled response with all that its reward is made of.
type answer struct {
	question entry
	response entry // what stands between the reasoning tags
	grading  mathworld.Grading
	tokens   int
}

// paid are the parts of a reward.
type paid struct {
	outcome, format          float64
	exploit, explore, length float64
}

func (p paid) total() float64 { return p.outcome + p.format + p.exploit + p.explore + p.length }

// pay writes a response into its store and rewards it (algorithm 1 of arXiv 2504.02273v1), or the other way round:
//
//	R > 0.5: M_s[q] += Enc(a), else M_f[q] += Enc(a);   total = R + R_mem + format rewards,   R_mem = exploit~ + explore~
//
// Written first, a failed response finds itself among the failures and earns nothing for novelty.
func (m *memory) pay(a *answer, update int) paid {
	p := paid{outcome: a.grading.Correctness(), format: m.knobs.Bait * a.grading.Format()}
	switch m.knobs.Scheme {
	case R1:
		return p
	case Cosine:
		p.length = lengthReward(a.grading.Correct, a.tokens)
		return p
	}
	if m.knobs.ScoreFirst {
		m.score(&p, a, update)
	}
	at := &m.Failure
	if p.outcome > 0.5 {
		at = &m.Success
	}
	at.write(a.question, a.response)
	if !m.knobs.ScoreFirst {
		m.score(&p, a, update)
	}
	return p
}

// score adds the memory's terms (sec. 3.2, eq. 3 to 5): exploit~ is 1 less the scaled distance, 0 while no success is stored; where a window
// has no spread, the distance itself is taken and novelty counts nothing, as in the authors' code.
func (m *memory) score(p *paid, a *answer, update int) {
	successes := m.Success.neighbours(a.question, m.knobs.Nearest)
	if d, ok := exploit(a.response.vector, successes); ok {
		if scaled, ok := m.Distance.scale(d); ok {
			d = scaled
		}
		p.exploit = m.knobs.Exploit * (1 - d)
	}
	if m.knobs.Scheme != MemoryRPlus || update < m.knobs.Warmup {
		return
	}
	failures := m.Failure.neighbours(a.question, m.knobs.Nearest)
	if n, ok := explore(a.response.vector, failures); ok {
		if scaled, ok := m.Novelty.scale(n); ok {
			p.explore = m.knobs.Explore * scaled
		}
	}
}

// lengthReward is the baseline of rewards by length (arXiv 2502.03373v1, eq. 1, whose bounds are ours): short right answers are best, long
// wrong ones least bad, along half a cosine.
func lengthReward(right bool, tokens int) float64 {
	along := (1 + math.Cos(math.Pi*float64(tokens)/mathworld.ResponseTokens)) / 2 // 1 at no length, 0 at the limit
	if right {
		return 0.5 + 0.5*along
	}
	return -0.5 - 0.5*along
}
