package rl

import "github.com/loci-lab/loci/backend/llm"

// Segment is one call of the model within an episode: the very tokens it read and those it wrote. When the agent edits its context
// (drops, rewrites or inserts something), the next segment's Context says so; nothing is implied by the segment before.
type Segment struct {
	Context  []int32        // token ids given to the model
	Tokens   []int32        // [T] that it wrote
	Logprobs []float32      // [T] of the sampler, nats
	Stop     llm.StopReason // why it stopped
	// Keep marks the tokens that are trained, [T]; nil trains all of them.
	Keep []bool
}

// Trajectory is one attempt at an item.
type Trajectory struct {
	Segments []Segment
	Reward   float64
	Terms    []Term // the parts of Reward, in the order in which they are shown
	Why      string // lab.EndTerminal, lab.EndHorizon, or lab.EndFailed
	Err      error  // why it failed; a failed attempt stays in its group and is trained on by nobody
}

// Term is one named part of a reward.
type Term struct {
	Name  string
	Value float64
}

// Group is the attempts at one item: what advantages are centred in.
type Group struct {
	Item         uint64       // seed of the item
	Trajectories []Trajectory // [G]
}

// Length is the number of tokens that the model wrote.
func (t *Trajectory) Length() (n int) {
	for i := range t.Segments {
		n += len(t.Segments[i].Tokens)
	}
	return n
}

// Peak is the largest number of tokens that the model had before it at once: what it read, and what it wrote in the same call.
func (t *Trajectory) Peak() (n int) {
	for i := range t.Segments {
		n = max(n, len(t.Segments[i].Context)+len(t.Segments[i].Tokens))
	}
	return n
}

// Share is part i of n of the groups: what one of n optimiser steps of an update learns from.
func Share(groups []Group, i, n int) []Group {
	return groups[i*len(groups)/n : (i+1)*len(groups)/n]
}
