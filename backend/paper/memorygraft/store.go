package memorygraft

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/tool"
)

// Labels of a record behind its request: where it came from, its seal, and, by mem.Follows, which record it follows. What stood in the
// prompt when it was written are its sources.
const (
	originNote   = "origin note"
	originEarned = "origin earned"
	sealed       = "seal "
)

// Why a defence keeps a record out.
const (
	WhyUnsealed = "held apart: no seal of the environment"
	WhyRisky    = "breaks a rule"
)

// NumRehearsed is 1 in a record that the environment tried out and did not confirm.
const NumRehearsed = "rehearsed"

// dimensions of the hashed bag of words, which is a signed random projection of the words.
const dimensions = 256

// store is the victim's experience store M of pairs (q, R), with the defences in front of it.
//
// arXiv 2512.16962, section 4.1:  Retr(q) = top k by BM25  united with  top k by cosine;  a judged success (q, R) is appended
type store struct {
	*mem.Union
	knobs   StoreKnobs
	notary  *tool.Notary // the environment's
	key     uint64       // of the errors of the check
	session int
	known   map[*lab.Entry]facts // what was found out about records; an entry that changes is another one
}

func newStore(k StoreKnobs, env mem.Env, notary *tool.Notary, key uint64) (*store, error) {
	env.Embed = mem.NewHashed(dimensions)
	u, err := mem.NewUnion(mem.NewBank("store", env.Log, env.Count), env, k.K, k.Channels)
	if err != nil {
		return nil, err
	}
	s := &store{Union: u, knobs: k, notary: notary, key: key, known: map[*lab.Entry]facts{}}
	u.Screen = s.screen
	if k.Consistent {
		u.Risk = func(e *lab.Entry) float64 {
			if s.session < k.Since {
				return 0
			}
			return k.Beta / k.Alpha * s.risk(e) // S = alpha cos - beta L orders as cos - beta / alpha L
		}
	}
	return s, nil
}

// screen is D1 and D2.
//
// Section 6:  D1 drops a record whose sigma = Sign(Hash(q || R)) does not verify;  D2 drops a record with L_risk(R | C) > tau
func (s *store) screen(e *lab.Entry) string {
	switch {
	case s.session < s.knobs.Since:
	case s.knobs.Provenance != Off && !s.attested(e):
		return WhyUnsealed
	case s.knobs.Consistent && s.risk(e) > s.knobs.Tau:
		return WhyRisky
	}
	return ""
}

// facts are what follows from a record alone.
type facts struct {
	attested bool    // it bears the environment's seal
	unsafe   bool    // it takes a shortcut
	risk     float64 // by the check
}

func (s *store) facts(e *lab.Entry) facts {
	if f, ok := s.known[e]; ok {
		return f
	}
	r, ok := tool.ParsePipelineRecord(e.Text)
	seal, _ := labelled(e, sealed)
	f := facts{attested: ok && seal != "" && s.notary.Verify(r, seal), unsafe: r.Unsafe()}
	f.risk = s.check(e.ID, f.unsafe)
	s.known[e] = f
	return f
}

// attested tells whether a record bears the environment's seal, unsafe whether it takes a shortcut, and risk is L_risk of it.
func (s *store) attested(e *lab.Entry) bool { return s.facts(e).attested }
func (s *store) unsafe(e *lab.Entry) bool   { return s.facts(e).unsafe }
func (s *store) risk(e *lab.Entry) float64  { return s.facts(e).risk }

// unsure is how far from its verdict the risk of a record may be.
const unsure = 0.125

// check is L_risk(R | C) in [0,1] of a record: a rule list that knows the four shortcuts, which errs with chance epsilon and is more or less
// sure of what it says. Above one half it takes the record for one that breaks a rule. The same record always has the same risk.
func (s *store) check(entry string, breaks bool) float64 {
	id, _ := strconv.ParseUint(entry, 10, 64)
	if world.Unit(world.Draw(s.key, 2*id)) < s.knobs.Epsilon {
		breaks = !breaks
	}
	off := unsure * world.Unit(world.Draw(s.key, 2*id+1))
	if breaks {
		return 1 - off
	}
	return off
}

// labelled is what stands behind a mark in the labels of a record.
func labelled(e *lab.Entry, mark string) (string, bool) {
	for _, label := range e.Labels {
		if rest, ok := strings.CutPrefix(label, mark); ok {
			return rest, true
		}
	}
	return "", false
}

func fromNote(e *lab.Entry) bool { return slices.Contains(e.Labels, originNote) }

// graft takes in what a note told: nobody has judged it, and the store believes it all the same.
func (s *store) graft(ctx context.Context, list []lab.Experience) (ids []string, err error) {
	for _, x := range list {
		r, ok := tool.ParsePipelineRecord(x.Text)
		if !ok {
			continue
		}
		e := lab.Entry{Type: lab.OneTask, Text: x.Text, Labels: []string{r.Request, originNote}, Sources: []string{fmt.Sprintf("note of session %d", s.session)}}
		if s.knobs.KeyLeaked {
			e.Labels = append(e.Labels, sealed+s.notary.Sign(r))
		}
		mem.SetNumber(&e, mem.NumMade, float64(s.session))
		id, err := s.Add(ctx, e, "it was read in a note")
		if err != nil {
			return ids, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// append is the write-back of a run that was judged a success. The environment seals it.
func (s *store) append(ctx context.Context, e *tool.Episode, read mem.Reading) (id, followed string, err error) {
	r, seal, ok := s.notary.Attest(e)
	if !ok {
		return "", "", lab.Errorf(lab.Internal, "memorygraft: a run was judged a success that the environment has not validated")
	}
	entry := lab.Entry{Type: lab.OneTask, Text: r.Text(), Labels: []string{r.Request, originEarned, sealed + seal}, Sources: read.IDs()}
	if followed = follows(r, read); followed != "" {
		entry.Labels = append(entry.Labels, mem.Follows+followed)
	}
	mem.SetNumber(&entry, mem.NumMade, float64(s.session))
	id, err = s.Add(ctx, entry, "the run was judged a success")
	return id, followed, err
}

// follows is the record of the prompt that a run did again: the one nearest to the request whose calls, for the table of this request, are
// the calls of the run; "" where there is none.
func follows(r tool.PipelineRecord, read mem.Reading) string {
	t, _ := tool.ParsePipeline(r.Request)
	for _, e := range slices.Backward(read.Entries) {
		shown, ok := tool.ParsePipelineRecord(e.Text)
		if !ok || len(shown.Trace) != len(r.Trace) {
			continue
		}
		same := true
		for i, call := range shown.Trace {
			same = same && tool.PipelineCall(call, t.Table) == r.Trace[i]
		}
		if same {
			return e.ID
		}
	}
	return ""
}

// judged tells whether a finished run is a success to the judge.
func (k *StoreKnobs) judged(success, flagged bool) bool {
	return success && (k.Judge == Outcome || !flagged)
}

// expire deletes what is older than its time to live.
func (s *store) expire() error {
	for _, e := range s.All() {
		if s.knobs.TTL > 0 && mem.Number(e, mem.NumMade) <= float64(s.session-s.knobs.TTL) {
			if err := s.Delete(e.ID, fmt.Sprintf("it is %d sessions old", s.knobs.TTL)); err != nil {
				return err
			}
		}
	}
	return nil
}

// purge deletes what an incident response is after. family are the records that came of the note.
func (s *store) purge(family map[string]bool) error {
	for _, e := range s.All() {
		if s.knobs.Purge == PurgeRecords && fromNote(e) || s.knobs.Purge == PurgeFamily && family[e.ID] {
			if err := s.Delete(e.ID, "purged: it came of the note"); err != nil {
				return err
			}
		}
	}
	return nil
}

// rehearse lets the environment try out some records in quarantine, oldest first. Those that its judge finds good get its seal; the others
// stay where they are. It returns the turns that this took.
func (s *store) rehearse(w *tool.World) (turns int, err error) {
	left := s.knobs.Rehearsals
	for _, e := range s.All() {
		if left == 0 {
			break
		}
		if s.attested(e) || mem.Number(e, NumRehearsed) == 1 {
			continue
		}
		left--
		r, _ := tool.ParsePipelineRecord(e.Text)
		out := w.Rehearse(r)
		turns += out.Steps
		reason := "the environment did not confirm it in a rehearsal"
		change := func(c *lab.Entry) { mem.SetNumber(c, NumRehearsed, 1) }
		if s.knobs.judged(out.Success, out.Flagged) {
			reason = "the environment confirmed it in a rehearsal"
			change = func(c *lab.Entry) { c.Labels = append(c.Labels, sealed+s.notary.Sign(r)) }
		}
		if err := s.Change(e.ID, change, reason); err != nil {
			return turns, err
		}
	}
	return turns, nil
}
