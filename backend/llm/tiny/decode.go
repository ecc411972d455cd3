package tiny

import "context"

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
		if err := s.file(s.read.rows()); err != nil {
			return err
		}
		w = w[len(s.read):]
	}
	for len(s.live) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.decodeStep()
		rows := s.live
		s.live = s.live[:0]
		if err := s.file(rows); err != nil {
			return err
		}
	}
	return nil
}

// file adds the token that each row drew and appends those that go on to the live ones, which may lie in the same memory.
func (s *Sampler) file(rows []*row) error {
	for _, r := range rows {
		goesOn, err := r.add(s.tok)
		if err != nil {
			return err
		}
		if goesOn {
			s.live = append(s.live, r)
		}
	}
	return nil
}

// forget lets go of what the rows of the wave hold.
func (s *Sampler) forget() {
	clear(s.live[:cap(s.live)])
	s.live, s.read = s.live[:0], nil
}

// apart says whether lanes beside each other are better for so many rows or prompts than one that shares its products.
func (s *Sampler) apart(n int) bool { return n > 1 && len(s.lanes) > 1 && s.w.size() <= sharedWeight }

// readPrompts computes the prompts under way and draws the first token of their rows.
func (s *Sampler) readPrompts() {
	if !s.apart(len(s.read)) {
		s.whole.prefill(s.read)
		return
	}
	s.core.Do(len(s.lanes), s.read.tokens()*s.w.size(), s.readLanes)
}

// readShares gives each lane prompts with about as many tokens.
func (s *Sampler) readShares(i0, i1 int) {
	all, past, from := s.read.tokens(), 0, 0
	for i := range i1 {
		to := from
		for ; to < len(s.read) && (2*past+len(s.read[to].tokens))*len(s.lanes) < 2*all*(i+1); to++ {
			past += len(s.read[to].tokens)
		}
		if i >= i0 && from < to {
			s.lanes[i].prefill(s.read[from:to])
		}
		from = to
	}
}

// decodeStep draws the next token of every live row.
func (s *Sampler) decodeStep() {
	if !s.apart(len(s.live)) {
		s.whole.decode(s.live)
		return
	}
	s.core.Do(len(s.lanes), len(s.live)*s.w.size(), s.decodeLanes)
}

// decodeShares gives each lane its share of the live rows.
func (s *Sampler) decodeShares(i0, i1 int) {
	for i := i0; i < i1; i++ {
		if rows := s.live[i*len(s.live)/len(s.lanes) : (i+1)*len(s.live)/len(s.lanes)]; len(rows) > 0 {
			s.lanes[i].decode(rows)
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

// prefill computes the caches of prompts, the log-probabilities of their tokens where wanted, and the first token of each row.
func (l *lane) prefill(prompts []*prefix) {
	l.places, l.spans, l.draws = l.places[:0], l.spans[:0], l.draws[:0]
	for _, p := range prompts {
		first := len(l.places)
		for i, id := range p.tokens {
			l.places = append(l.places, place{id, i, &p.cache, i})
		}
		for i := 0; i < len(p.tokens); i += promptSpan {
			end := min(i+promptSpan, len(p.tokens))
			l.spans = append(l.spans, span{first + i, first + end, &p.cache, end, 0})
		}
	}
	l.forward()
	l.normalise(l.w.norm)
	d, end, ends := l.w.shape.Width, 0, 0
	for _, p := range prompts {
		start := end
		end += len(p.tokens)
		if len(p.logprobs) > 0 {
			l.readPrompt(p, l.a[start*d:end*d])
		}
		if len(p.rows) == 0 {
			continue
		}
		for _, r := range p.rows {
			l.draws = append(l.draws, draw{r, ends})
		}
		copy(l.a[ends*d:(ends+1)*d], l.a[(end-1)*d:end*d]) // ends < end: what is overwritten was read before
		ends++
	}
	if ends > 0 {
		l.readout(l.a, ends)
		l.do(l.threads, len(l.draws)*l.w.shape.Vocab*64, l.drawRows)
	}
}

// readPrompt writes the log-probabilities of the tokens of a prompt behind its first one; hidden [T][D].
func (l *lane) readPrompt(p *prefix, hidden []float32) {
	const most = 128 // rows of logits at once
	v, d := l.w.shape.Vocab, l.w.shape.Width
	for i := 0; i < len(p.tokens)-1; i += most {
		n := min(most, len(p.tokens)-1-i)
		l.readout(hidden[i*d:], n)
		for j := range n {
			for _, out := range p.logprobs {
				out[i+j+1] = l.logits[j*v+int(p.tokens[i+j+1])] - l.total[j]
			}
		}
	}
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
