package memoryr1

import (
	"slices"

	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world/chat"
)

// decide is what a rule does with a new fact, given the lines that it sees, the best first. parse reads lines back into facts.
//
//	oracle            nothing of the key: ADD; all of it known: NOOP; else UPDATE the newest entry of the key to what holds now
//	delete-then-add   anything of the key is taken for a contradiction: DELETE it and ADD the new fact, as a prompted manager does
//	add-all           ADD whatever comes
//	random            any of the operations on any slot, its text the new fact
//	none              nothing
func decide(policy string, f fact, shown []line, w talker, draw *rng.Stream) []operation {
	switch policy {
	case OracleManager:
		return decideWell(f, shown, w)
	case DeleteThenAdd:
		return decideByHabit(f, shown, w)
	case AddAll:
		return []operation{{Op: Add, Text: w.text(f)}}
	case RandomManager:
		return decideAnyhow(f, shown, w, draw)
	}
	return []operation{{Op: Noop}}
}

// slotOf is the place of the newest line about the same person and attribute, from 1; 0 where there is none.
func slotOf(f fact, shown []line, w talker) (slot int, has fact) {
	for i, l := range shown {
		e, ok := w.parse(l.Text)
		if !ok || e.key != f.key {
			continue
		}
		if slot == 0 || l.When > shown[slot-1].When {
			slot, has = i+1, e
		}
	}
	return slot, has
}

func decideWell(f fact, shown []line, w talker) []operation {
	slot, e := slotOf(f, shown, w)
	has := fact{}.after(e)
	after := has.after(f)
	switch {
	case slot == 0 && f.Op == chat.Remove:
		return []operation{{Op: Noop}}
	case slot == 0:
		return []operation{{Op: Add, Text: w.text(f)}}
	case slices.Equal(after.Values, has.Values):
		return []operation{{Op: Noop}}
	case len(after.Values) == 0:
		return []operation{{Op: Delete, Slot: slot}}
	}
	return []operation{{Op: Update, Slot: slot, Text: w.text(after)}}
}

func decideByHabit(f fact, shown []line, w talker) []operation {
	slot, _ := slotOf(f, shown, w)
	switch {
	case slot == 0 && f.Op == chat.Remove:
		return []operation{{Op: Noop}}
	case slot == 0:
		return []operation{{Op: Add, Text: w.text(f)}}
	case f.Op == chat.Remove:
		return []operation{{Op: Delete, Slot: slot}}
	}
	return []operation{{Op: Delete, Slot: slot}, {Op: Add, Text: w.text(f)}}
}

func decideAnyhow(f fact, shown []line, w talker, draw *rng.Stream) []operation {
	o := operation{Op: operations()[draw.IntN(len(operations()))]}
	if o.Op == Update || o.Op == Delete {
		if len(shown) == 0 {
			return []operation{{Op: Noop}}
		}
		o.Slot = 1 + draw.IntN(len(shown))
	}
	if o.Op == Add || o.Op == Update {
		o.Text = w.text(fact{key: f.key, Op: chat.Set, Values: f.Values})
	}
	return []operation{o}
}
