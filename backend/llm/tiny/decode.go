package tiny

import (
	"context"

	"github.com/loci-lab/loci/backend/llm"
)

// stepsTogether is how many steps lanes take before the rows that are left are shared out anew. Waiting for each other every step costs
// more than the rows that end meanwhile, above all where other programs use the processors.
const stepsTogether = 8

// run computes a wave: its prompts, the first token of every row, then a token of each row a step until none goes on.
func (s *Sampler) run(ctx context.Context, w wave) error {
	defer s.forget()
	s.caches(w)
	for len(w) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.read = w[:w.first(promptRows)]
		s.readPrompts()
		var err error
		if s.live, err = file(s.live, s.read.rows(), s.tok); err != nil {
			return err
		}
		w = w[len(s.read):]
	}
	shares := func(i0, i1 int) { s.decodeShares(ctx, i0, i1) }
	for len(s.live) > 0 {
		if err := s.decodeSome(ctx, shares); err != nil {
			return err
		}
	}
	return nil
}

// file adds the token that each row drew and appends the rows that go on to live, which may lie in the same memory.
func file(live, rows []*row, tok llm.Tokenizer) ([]*row, error) {
	for _, r := range rows {
		goesOn, err := r.add(tok)
		if err != nil {
			return live, err
		}
		if goesOn {
			live = append(live, r)
		}
	}
	return live, nil
}

// forget lets go of what belongs to the wave.
func (s *Sampler) forget() {
	clear(s.live[:cap(s.live)])
	s.live, s.read = s.live[:0], nil
	s.whole.forget()
	for _, l := range s.lanes {
		l.forget()
	}
}

func (l *lane) forget() {
	clear(l.rows[:cap(l.rows)])
	clear(l.places[:cap(l.places)])
	clear(l.spans[:cap(l.spans)])
	clear(l.draws[:cap(l.draws)])
}

// apart says whether lanes beside each other are better for so many rows or prompts than one that shares its products.
func (s *Sampler) apart(n int) bool { return n > 1 && len(s.lanes) > 1 && s.w.size() <= sharedWeight }

// decodeSome takes some steps with the live rows and keeps those that go on.
func (s *Sampler) decodeSome(ctx context.Context, shares func(i0, i1 int)) error {
	if !s.apart(len(s.live)) {
		s.whole.decodeSome(ctx, s.live, s.tok)
		s.live = append(s.live[:0], s.whole.rows...)
		return s.whole.err
	}
	s.core.Do(len(s.lanes), len(s.live)*s.w.size(), shares)
	s.live = s.live[:0]
	for _, l := range s.lanes {
		if l.err != nil {
			return l.err
		}
		s.live = append(s.live, l.rows...)
	}
	return nil
}

// decodeShares gives each lane its share of the live rows.
func (s *Sampler) decodeShares(ctx context.Context, i0, i1 int) {
	for i := i0; i < i1; i++ {
		s.lanes[i].decodeSome(ctx, s.live[i*len(s.live)/len(s.lanes):(i+1)*len(s.live)/len(s.lanes)], s.tok)
	}
}

// decodeSome leaves the rows that go on after some steps in l.rows, in order, and the reason to end early in l.err.
func (l *lane) decodeSome(ctx context.Context, rows []*row, tok llm.Tokenizer) {
	l.rows, l.err = append(l.rows[:0], rows...), nil
	for step := 0; step < stepsTogether && len(l.rows) > 0 && l.err == nil; step++ {
		if l.err = ctx.Err(); l.err == nil {
			l.decode(l.rows)
			l.rows, l.err = file(l.rows[:0], l.rows, tok)
		}
	}
}

// decode feeds each row its last token and draws the next one.
func (l *lane) decode(rows []*row) {
	l.places, l.spans, l.draws = l.places[:0], l.spans[:0], l.draws[:0]
	for i, r := range rows {
		at := len(r.out.Tokens) - 1
		l.places = append(l.places, place{r.out.Tokens[at], len(r.prefix.tokens) + at, &r.own, at})
		l.draws = append(l.draws, draw{r, i})
		if n := len(l.spans) - 1; n >= 0 && l.spans[n].past == &r.prefix.cache && i-l.spans[n].start < decodeSpan {
			l.spans[n].end++
			continue
		}
		l.spans = append(l.spans, span{i, i + 1, &r.prefix.cache, len(r.prefix.tokens), at + 1})
	}
	l.forward()
	l.normalise(l.w.norm)
	l.readout(l.a, len(rows))
	l.do(l.threads, len(rows)*l.w.shape.Vocab*64, l.drawRows)
}

// draw is a row that takes its next token from a row of logits.
type draw struct {
	row *row
	at  int
}

func (l *lane) chooseRows(i0, i1 int) {
	v := l.w.shape.Vocab
	for t := i0; t < i1; t++ {
		for _, d := range l.draws[t*len(l.draws)/l.threads : (t+1)*len(l.draws)/l.threads] {
			logits := l.logits[d.at*v : (d.at+1)*v]
			d.row.token = l.choices[t].choose(l.k, logits, &d.row.request.Sampling, d.row.chance.Float64())
			d.row.logprob = logits[d.row.token] - l.total[d.at]
		}
	}
}
