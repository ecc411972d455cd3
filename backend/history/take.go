package history

import (
	"bytes"
	"encoding/json"
	"runtime"
	"sync"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

// batchFrames and batchBytes bound the events that one worker reads at a time.
const (
	batchFrames = 256
	batchBytes  = 256 << 10
)

// Take reads what the record has grown by. Damage behind whole events hides nothing of what stands before it. Most of the time goes into
// reading JSON, which hangs on nothing before it: workers do that, batch by batch, and the events are taken in in their order.
func (h *Run) Take(r *record.Reader) error {
	if h.seen == r.Len() {
		return nil
	}
	stop := make(chan struct{})
	work := make(chan *batch)
	ordered := make(chan *batch, 2*runtime.GOMAXPROCS(0)) // bounds what is read ahead
	var busy sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		busy.Go(func() {
			for b := range work {
				b.read(h)
			}
		})
	}
	var failed error // of the reader; known once ordered is closed
	busy.Go(func() {
		defer close(ordered)
		defer close(work)
		failed = h.batches(r, func(b *batch) bool {
			select {
			case ordered <- b:
			case <-stop:
				return false
			}
			work <- b
			return true
		})
	})
	err := h.inOrder(ordered)
	close(stop)
	busy.Wait()
	if err == nil {
		err = failed
	}
	if err != nil {
		return err
	}
	h.seen = r.Len()
	h.taken.Store(h.seen)
	return nil
}

// inOrder takes in what the batches hold, until they end or one has an event that cannot be read.
func (h *Run) inOrder(batches <-chan *batch) error {
	for b := range batches {
		<-b.done
		for i := range b.parts {
			if err := h.add(&b.parts[i]); err != nil {
				return err
			}
		}
		h.taken.Store(b.last)
	}
	return nil
}

// batches hands on the record's new events until hand returns false.
func (h *Run) batches(r *record.Reader, hand func(*batch) bool) error {
	b := newBatch()
	for f, err := range r.Frames(h.seen, lab.KindMemory, lab.KindEpisode, lab.KindContext, lab.KindStep) {
		if err != nil {
			if r.Damage() != nil {
				break
			}
			hand(b) // what stands before is whole
			return err
		}
		b.last = f.Seq
		if !wanted(f) {
			continue
		}
		if b.full(f) {
			if !hand(b) {
				return nil
			}
			b = newBatch()
		}
		b.keep(f)
	}
	hand(b)
	return nil
}

// wanted tells whether the index keeps something of an event: most steps and contexts have nothing for it.
func wanted(f record.Frame) bool {
	switch f.Kind {
	case lab.KindContext:
		return bytes.Contains(f.Payload, []byte(`"entries":[`))
	case lab.KindStep:
		return bytes.Contains(f.Payload, []byte(`"state":[`))
	}
	return true
}

// batch is a part of the record with what was read of it.
type batch struct {
	parts []part
	bytes []byte        // payloads
	last  int64         // number of the last event looked at
	done  chan struct{} // closed when the parts are read
}

// part is an event with what the index keeps of it.
type part struct {
	frame   record.Frame
	op      lab.Memory
	before  json.RawMessage // of op, read only where it must be
	hashes  [2]uint64       // of the entry before and after
	prompts []prompt
	err     error
}

func newBatch() *batch {
	return &batch{parts: make([]part, 0, batchFrames), bytes: make([]byte, 0, batchBytes), done: make(chan struct{})}
}

func (b *batch) full(f record.Frame) bool {
	return len(b.parts) == batchFrames || len(b.parts) > 0 && len(b.bytes)+len(f.Payload) > cap(b.bytes)
}

// keep copies an event: its payload is only lent.
func (b *batch) keep(f record.Frame) {
	at := len(b.bytes)
	b.bytes = append(b.bytes, f.Payload...)
	f.Payload = b.bytes[at:len(b.bytes):len(b.bytes)]
	b.parts = append(b.parts, part{frame: f})
}

// read decodes the parts, up to the first that cannot be read.
func (b *batch) read(h *Run) {
	defer close(b.done)
	for i := range b.parts {
		p := &b.parts[i]
		switch p.frame.Kind {
		case lab.KindMemory:
			p.err = p.operation(h)
		case lab.KindContext:
			p.err = p.context()
		}
		if p.err != nil {
			return
		}
	}
}

// operation reads what the index keeps of a memory event. The entry before it is decoded only where its bytes are not those of the entry
// after the operation before: most of the time of a first reading would go there.
func (p *part) operation(h *Run) error {
	var raw struct {
		Op      lab.MemoryOp    `json:"op"`
		Bank    string          `json:"bank"`
		Episode int64           `json:"episode"`
		T       int             `json:"t"`
		Entry   string          `json:"entry"`
		Before  json.RawMessage `json:"before"`
		After   json.RawMessage `json:"after"`
		Sources []string        `json:"sources"`
		Hits    []struct {
			Entry string `json:"entry"`
			Rank  int    `json:"rank"`
			Used  bool   `json:"used"`
		} `json:"hits"`
		Size   int `json:"size"`
		Tokens int `json:"tokens"`
	}
	if err := json.Unmarshal(p.frame.Payload, &raw); err != nil {
		return p.unreadable(err)
	}
	p.op = lab.Memory{Op: raw.Op, Bank: raw.Bank, Episode: raw.Episode, T: raw.T, Entry: raw.Entry, Sources: raw.Sources, Size: raw.Size, Tokens: raw.Tokens}
	for _, x := range raw.Hits {
		p.op.Hits = append(p.op.Hits, lab.Hit{Entry: x.Entry, Rank: x.Rank, Used: x.Used})
	}
	p.before, p.hashes = raw.Before, [2]uint64{h.hash(raw.Before), h.hash(raw.After)}
	var err error
	if p.op.After, err = entryOf(raw.After); err != nil {
		return p.unreadable(err)
	}
	return nil
}

func (p *part) unreadable(err error) error {
	return lab.Errorf(lab.Invalid, "memory operation %d of the record cannot be read: %w", p.frame.Seq, err)
}

// context reads the entries that stood in a prompt; the tokens of its blocks are not looked at.
func (p *part) context() error {
	var c struct {
		Episode int64 `json:"episode"`
		Blocks  []struct {
			Entries []string `json:"entries"`
		} `json:"blocks"`
	}
	if err := json.Unmarshal(p.frame.Payload, &c); err != nil {
		return lab.Errorf(lab.Invalid, "a context of the record cannot be read: %w", err)
	}
	for _, b := range c.Blocks {
		for _, id := range b.Entries {
			p.prompts = append(p.prompts, prompt{c.Episode, id})
		}
	}
	return nil
}

// add takes in the next event.
func (h *Run) add(p *part) error {
	if p.err != nil {
		return p.err
	}
	switch p.frame.Kind {
	case lab.KindContext:
		for _, at := range p.prompts {
			h.prompts[at]++
		}
	case lab.KindStep:
		if id, t, ok := p.frame.EpisodeOf(); ok {
			h.states = append(h.states, State{Episode: id, T: t, Seq: p.frame.Seq})
		}
	case lab.KindMemory:
		return h.operation(p)
	case lab.KindEpisode:
		ev, err := p.frame.Event()
		if err != nil {
			return err
		}
		if e, ok := ev.(lab.Episode); ok {
			h.Episode(e)
		}
	}
	return nil
}

func (h *Run) operation(p *part) (err error) {
	if h.bank(p.op.Bank).isNewest(p.op.Entry, p.hashes[0]) {
		p.before = nil
	}
	if p.op.Before, err = entryOf(p.before); err != nil {
		return p.unreadable(err)
	}
	h.memory(p.frame.Seq, p.op, p.hashes)
	return nil
}
