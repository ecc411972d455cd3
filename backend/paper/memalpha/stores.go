package memalpha

import (
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
)

// stores are the memory M: a core text and two lists. Each is a bank, so that every operation is an event.
type stores struct {
	knobs    MemoryKnobs
	subject  func(word string) bool // a persona's name, or what stands before a sample's
	core     *mem.Bank              // at most one entry
	semantic *mem.Bank
	episodic *mem.Bank
}

func newStores(k MemoryKnobs, subject func(word string) bool, log *mem.Log) *stores {
	return &stores{k, subject, mem.NewBank(core, log, nil), mem.NewBank(semantic, log, nil), mem.NewBank(episodic, log, nil)}
}

// bank is a list store.
func (s *stores) bank(store string) *mem.Bank {
	if store == episodic {
		return s.episodic
	}
	return s.semantic
}

// coreText is the core as it stands.
func (s *stores) coreText() string {
	if all := s.core.All(); len(all) > 0 {
		return all[0].Text
	}
	return ""
}

// tokens is tok(M): the words of all three stores.
func (s *stores) tokens() int { return s.core.Tokens() + s.semantic.Tokens() + s.episodic.Tokens() }

// view is what the writer sees of the lists: the ids of the newest entries of each, oldest first. Slot i of a call is the i-th of them.
type view struct{ semantic, episodic []string }

func (s *stores) view() view {
	return view{newest(s.semantic, s.knobs.Visible), newest(s.episodic, s.knobs.Visible)}
}

func newest(b *mem.Bank, n int) (ids []string) {
	all := b.All()
	for _, e := range all[max(0, len(all)-n):] {
		ids = append(ids, e.ID)
	}
	return ids
}

func (v view) of(store string) []string {
	if store == episodic {
		return v.episodic
	}
	return v.semantic
}

// blocks are what the writer reads, in order: the core, the newest entries of both lists, and the chunk, nothing of which is older than
// they are.
func (s *stores) blocks(chunk string) [4]string {
	all := [4]string{core, semantic, episodic, newChunk + " " + chunk}
	if text := s.coreText(); text != "" {
		all[0] += " " + text
	}
	v := s.view()
	for n, store := range []string{semantic, episodic} {
		for i, id := range v.of(store) {
			e, _ := s.bank(store).Get(id)
			all[n+1] += " " + slotWord(store, i+1) + " " + e.Text
		}
	}
	return all
}

// prompt is all blocks.
func (s *stores) prompt(chunk string) string {
	b := s.blocks(chunk)
	return strings.Join(b[:], " ")
}

// apply executes the calls of one response in order (sec. 3.2 of arXiv 2509.25911v1) and writes into each why it was not executed and what
// the judge finds. Slots are those of the view that the writer had.
func (s *stores) apply(calls []call) error {
	v := s.view()
	for i := range calls {
		c := &calls[i]
		if i >= s.knobs.Calls && c.Fault == "" {
			c.Fault = "it is one call too many"
		}
		if c.Fault == "" {
			if err := s.execute(c, v); err != nil {
				return err
			}
		}
		c.Valid = s.judge(c)
	}
	return nil
}

func (s *stores) execute(c *call, v view) error {
	switch {
	case c.Store == core:
		return s.writeCore(c)
	case c.Op == insert:
		if s.holds(c) {
			c.Fault = "the store has that entry already"
			return nil
		}
		_, err := s.bank(c.Store).Add(lab.Entry{Type: c.Store, Text: c.Text}, "the writer inserted it")
		return err
	}
	ids := v.of(c.Store)
	if c.Slot > len(ids) {
		c.Fault = "the entry is not in sight"
		return nil
	}
	id := ids[c.Slot-1]
	if _, there := s.bank(c.Store).Get(id); !there {
		c.Fault = "the entry was deleted by a call before"
		return nil
	}
	if c.Op == remove {
		return s.bank(c.Store).Delete(id, "the writer deleted it")
	}
	return s.bank(c.Store).Change(id, func(e *lab.Entry) { e.Text = c.Text }, "the writer rewrote it")
}

// holds says whether a store has exactly that entry: such an insert is skipped and is no success.
func (s *stores) holds(c *call) bool {
	for _, e := range s.bank(c.Store).All() {
		if e.Text == c.Text {
			return true
		}
	}
	return false
}

// writeCore rewrites the core as a whole; what is longer than its limit is cut.
func (s *stores) writeCore(c *call) error {
	words := strings.Fields(c.Text)
	text := strings.Join(words[:min(len(words), s.knobs.CoreLimit)], " ")
	if all := s.core.All(); len(all) > 0 {
		return s.core.Change(all[0].ID, func(e *lab.Entry) { e.Text = text }, "the writer rewrote the core")
	}
	_, err := s.core.Add(lab.Entry{Type: core, Text: text}, "the writer wrote the core")
	return err
}
