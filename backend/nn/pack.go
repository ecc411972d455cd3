package nn

import "github.com/loci-lab/loci/backend/num"

// Pack is a batch of token rows laid end to end, without padding. Rows that begin alike may share what they have in common: a part
// sees all tokens of its ancestors and those of its own up to the one that asks.
type Pack struct {
	Tokens    []int32 // [N] ids
	Positions []int32 // [N] places in their rows, from 0: what the rotation sees
	Parts     []Part  // in order; together they cover Tokens
	// Predictions that are wanted: after token Reads[i] of the pack, the log-probability of Targets[i]. A token may be read several
	// times, for several targets; no work is done at tokens that are not read but what later tokens need.
	Reads   []int32 // [R]
	Targets []int32 // [R]
}

// Part is a run of tokens that follow each other in a row.
type Part = num.Part
