package memact

import (
	"slices"
	"strings"
)

// The kinds of records.
const (
	taskRecord  = "task"  // the instruction: it has no id and stays
	findRecord  = "find"  // a search with its output
	pruneRecord = "prune" // a memory action with what came of it
	otherRecord = "other" // anything else that was said, with its answer
)

// record is one unit of the context: what the agent wrote, and what it was answered. Both go together.
type record struct {
	ID    string // of its output, in words of the vocabulary; "" of the instruction and of an answer that failed
	Kind  string
	Call  string  // the agent's words, without the end token
	Out   string  // what it was answered, with the id in front
	Turn  int     // in which turn it was made, from 0
	Freed int     // tokens that it took out of the context
	Own   []int32 // the tokens of the call, its end token among them
	Said  []int32 // the tokens of the answer
}

// tokens is how long a record is, the end token of the call counted.
func (r *record) tokens() int { return len(r.Own) + len(r.Said) }

// history is the state H_t of sec. 3.1 of arXiv 2510.12635v1: the list of records that is the model's whole context.
type history struct {
	records []record
	gone    []record // that were deleted, in the order of their deletion
}

// ids are all tokens of the context in order.
func (h *history) ids() (all []int32) {
	for i := range h.records {
		all = append(append(all, h.records[i].Own...), h.records[i].Said...)
	}
	return all
}

// tokens is the length of the context.
func (h *history) tokens() (n int) {
	for i := range h.records {
		n += h.records[i].tokens()
	}
	return n
}

// text is the context as a person reads it, a record a line.
func (h *history) text() string {
	lines := make([]string, len(h.records))
	for i := range h.records {
		lines[i] = strings.TrimSpace(h.records[i].Call + " " + h.records[i].Out)
	}
	return strings.Join(lines, "\n")
}

// find returns the place of the record of that id, -1 where there is none.
func (h *history) find(id string) int {
	if id == "" {
		return -1
	}
	return slices.IndexFunc(h.records, func(r record) bool { return r.ID == id })
}

// Why a memory action fails.
const (
	noText      = "its memory text is empty"
	noIDs       = "it names no record"
	unknownID   = "it names a record that is not there"
	keptRecord  = "it names a memory action, and these may not be pruned"
	unavailable = "there is no such tool"
)

// prune executes prune_context(memory text, delete_ids): the named records go, each call with its output, and the others stay as they are.
// Where the text or the list is empty, or an id unknown, nothing is removed and fault says why. Records of earlier memory actions may go
// where prunable says so.
func (h *history) prune(text string, ids []string, prunable bool) (removed []record, fault string) {
	if text == "" {
		return nil, noText
	}
	if len(ids) == 0 {
		return nil, noIDs
	}
	for _, id := range ids {
		i := h.find(id)
		if i < 0 {
			return nil, unknownID
		}
		if h.records[i].Kind == pruneRecord && !prunable {
			return nil, keptRecord
		}
	}
	left := h.records[:0:0]
	for _, r := range h.records {
		if r.ID != "" && slices.Contains(ids, r.ID) {
			removed = append(removed, r)
			continue
		}
		left = append(left, r)
	}
	h.records, h.gone = left, append(h.gone, removed...)
	return removed, ""
}

// slide drops the oldest records behind the instruction until the context has at most limit tokens: the window that needs no decision.
func (h *history) slide(limit int) (removed []record) {
	for h.tokens() > limit && len(h.records) > 1 {
		removed = append(removed, h.records[1])
		h.records = slices.Delete(slices.Clone(h.records), 1, 2)
	}
	h.gone = append(h.gone, removed...)
	return removed
}
