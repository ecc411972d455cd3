package history

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

// wild makes events of two banks, some of which contradict the state before them.
func wild(n int) []lab.Event {
	r := rand.New(rand.NewPCG(1, 2))
	stands := map[string]*lab.Entry{}
	var out []lab.Event
	for i := range n {
		id := fmt.Sprint(r.IntN(40))
		fresh := func() *lab.Entry {
			return &lab.Entry{ID: id, Type: "line", Text: fmt.Sprintf("text \"%d\" <ß>", r.IntN(9)), Tokens: r.IntN(5), Numbers: map[string]lab.Float{"Q": lab.Float(r.NormFloat64())}, Sources: []string{"s"}}
		}
		m := lab.Memory{Bank: []string{"a", "b"}[i/50%2], Episode: int64(i / 20), T: i % 20, Entry: id, Reason: "made up", Size: len(stands)}
		switch k := r.IntN(10); {
		case k < 4:
			m.Op, m.Before, m.After = lab.OpChange, stands[id], fresh()
			if stands[id] == nil {
				m.Op = lab.OpWrite
			}
			stands[id] = m.After
		case k < 5:
			m.Op, m.Before = lab.OpDelete, stands[id]
			delete(stands, id)
		case k < 6:
			m.Op, m.Before, m.After, m.Sources = lab.OpMerge, stands[id], fresh(), []string{"1", "2"}
			stands[id] = m.After
		default:
			m.Op, m.Entry, m.Hits = lab.OpRead, "", []lab.Hit{{Entry: id, Rank: 1, Used: k%2 == 0}}
		}
		out = append(out, m, lab.Context{Episode: m.Episode, T: m.T, Blocks: []lab.Block{{Name: "memory", Entries: []string{id}}, {Name: "task"}}})
		step := lab.Step{Episode: m.Episode, T: m.T, Saw: "x"}
		if i%7 == 0 {
			step.State = []lab.Float{1, 2}
		}
		out = append(out, step)
		if i%20 == 19 {
			out = append(out, lab.Episode{ID: m.Episode, Steps: 20})
		}
	}
	return out
}

// said is all that an index knows, but for what only one that read a record has.
func said(h *Run) string {
	out := fmt.Sprintf("%+v\n%+v\n%+v\n%+v\n%+v\n%v\n", h.events, h.episodes, h.ended, h.spans, h.flaws, h.prompts)
	for _, s := range h.states {
		out += fmt.Sprintln(s.Episode, s.T)
	}
	for _, b := range h.banks {
		for _, s := range b.slots {
			s.raw = 0
			out += fmt.Sprintf("%+v\n", s)
		}
		out += fmt.Sprintf("%s %v %v %v %v %d %d %v\n", b.Name, b.alive, b.lives, b.events, b.numbers, b.size, b.tokens, b.off)
	}
	return out
}

// slowly feeds an index event by event, each decoded whole.
func slowly(t *testing.T, r *record.Reader) *Run {
	t.Helper()
	h := New()
	for f, err := range r.Frames(0) {
		if err != nil {
			t.Fatal(err)
		}
		ev, err := f.Event()
		if err != nil {
			t.Fatal(err)
		}
		switch ev := ev.(type) {
		case lab.Memory:
			h.Memory(f.Seq, ev)
		case lab.Episode:
			h.Episode(ev)
		case lab.Context:
			for _, b := range ev.Blocks {
				for _, id := range b.Entries {
					h.prompts[prompt{ev.Episode, id}]++
				}
			}
		case lab.Step:
			if len(ev.State) > 0 {
				h.states = append(h.states, State{Episode: ev.Episode, T: ev.T, Seq: f.Seq})
			}
		}
	}
	return h
}

func TestARecordReadByWorkersGivesTheIndexOfOneReadEventByEvent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record.loci")
	w, err := record.Create(path, record.Options{})
	if err != nil {
		t.Fatal(err)
	}
	events := wild(3000)
	var r *record.Reader
	live := New() // fed as the record grows
	for i, ev := range events {
		if err := w.Emit(ev); err != nil {
			t.Fatal(err)
		}
		if i != 10 && i%1777 != 0 {
			continue
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if r == nil {
			if r, err = record.Open(path); err != nil {
				t.Fatal(err)
			}
			defer r.Close()
		}
		if err := errors.Join(r.Refresh(), live.Take(r)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), r.Refresh(), live.Take(r)); err != nil {
		t.Fatal(err)
	}
	at := New()
	if err := at.Take(r); err != nil {
		t.Fatal(err)
	}
	want := said(slowly(t, r))
	if len(at.Flaws()) == 0 || at.Moments() != 3000 || at.Taken() != r.Len() {
		t.Fatalf("%d flaws, %d moments, %d taken", len(at.Flaws()), at.Moments(), at.Taken())
	}
	if said(at) != want {
		t.Error("read at once, the index is another one")
	}
	if said(live) != want {
		t.Error("read as it grew, the index is another one")
	}
}

func TestWhatStandsBeforeDamageIsTakenIn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record.loci")
	w, err := record.Create(path, record.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, ev := range wild(2000) {
		if err := w.Emit(ev); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	body[len(body)/2] ^= 1
	if err := os.WriteFile(path, body, 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := record.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	h := New()
	if err := h.Take(r); err != nil || h.Moments() < 500 || h.Moments() > 1500 || h.Taken() != r.Len() {
		t.Fatalf("%d moments, %d of %d events, %v", h.Moments(), h.Taken(), r.Len(), err)
	}
}

func TestAnEventThatCannotBeReadEndsTheReadingAfterThoseBeforeIt(t *testing.T) {
	for name, change := range map[string]func(p *part){
		"operation": func(p *part) { p.frame.Payload = []byte(`{"op":`) },
		"entry":     func(p *part) { p.frame.Payload = []byte(`{"op":"write","after":{"id":3}}`) },
		"before":    func(p *part) { p.frame.Payload = []byte(`{"op":"change","before":{"id":3}}`) },
		"context":   func(p *part) { p.frame.Kind, p.frame.Payload = lab.KindContext, []byte(`{"blocks":3}`) },
		"episode":   func(p *part) { p.frame.Kind, p.frame.Payload = lab.KindEpisode, []byte(`{"id":"x"}`) },
	} {
		t.Run(name, func(t *testing.T) {
			h, b := New(), newBatch()
			for range 3 {
				b.keep(record.Frame{Kind: lab.KindMemory, Payload: []byte(`{"op":"read","bank":"a"}`)})
			}
			change(&b.parts[1])
			b.read(h)
			batches := make(chan *batch, 1)
			batches <- b
			close(batches)
			if err := h.inOrder(batches); lab.CodeOf(err) != lab.Invalid || h.Moments() != 1 {
				t.Errorf("%v after %d operations, want an invalid event after 1", err, h.Moments())
			}
		})
	}
}
