package tiny

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
