package num

// sequence is what recurrent operations share: the projection of all inputs at once, the states before each step with resets, and the
// gradients of the weights as one product over all steps. Letters: T steps, B environments, D inputs, H width, G gate numbers.
//
// Environments are independent, so workers split B. What is summed over T*B (the gradients of the weights) is one product whose
// result is split, so that the number of workers changes no bit.
type sequence struct {
	t                     *Tape
	x, wx, bx, wh, h0, y  *Tensor
	fresh                 []bool // [T*B]: the step is the first of an episode, the state before it is zero
	steps, b, d, h, g     int
	z                     []float32 // [T][B][G] projections of the inputs, then whatever the cell keeps of them
	past                  []float32 // [T][B][H] outputs before each step, zero where fresh
	whT                   []float32 // [G][H]
	dz                    []float32 // [T][B][G]
	carry                 []float32 // [B][H] gradient of the output from the steps after
	forwardFn, backwardFn func(b0, b1 int)
}

// begin checks the shapes, takes the memory and projects the inputs: z = x*wx + bx.
//
//	x [T][B][D], wx [D][G], bx [G], wh [H][G], state [B][states*H] with the output first; fresh [T*B]
func (s *sequence) begin(t *Tape, op string, x, wx, bx, wh, state *Tensor, fresh []bool, gates, states int) {
	if len(x.Shape) != 3 || len(fresh) != x.Rows() {
		mismatch(op, "x [T][B][D] and T*B marks of fresh steps", x)
	}
	s.t, s.x, s.wx, s.bx, s.wh, s.h0, s.fresh = t, x, wx, bx, wh, state, fresh
	s.steps, s.b, s.d = x.Shape[0], x.Shape[1], x.Shape[2]
	s.h = wh.Shape[0]
	s.g = gates * s.h
	if !wx.is(s.d, s.g) || !bx.is(s.g) || !wh.is(s.h, s.g) {
		mismatch(op, "x [T][B][D], wx [D][G], bx [G] and wh [H][G] with the right G for H", x, wx, bx, wh)
	}
	if !state.is(s.b, states*s.h) {
		mismatch(op, "a state for every environment and number carried", x, wh, state)
	}
	n := s.steps * s.b
	s.y = t.Tensor(wh.Name, s.steps, s.b, s.h)
	s.z, s.past = t.floats(n*s.g), t.floats(n*s.h)
	t.Core.Gemm(false, false, n, s.g, s.d, 1, x.Data, s.d, wx.Data, s.g, 0, s.z, s.g)
}

// run starts the time loop of every environment.
func (s *sequence) run() {
	s.t.Core.Do(s.b, s.steps*s.b*s.g*s.h, s.forwardFn)
}

// before fills rows b0..b1 of dst at step i with what src holds after step i-1, or with the state, and zero where an episode starts.
// At says where in a row of the state the numbers lie.
func (s *sequence) before(dst, src []float32, at, i, b0, b1 int) {
	for b := b0; b < b1; b++ {
		r := i*s.b + b
		row := dst[r*s.h : r*s.h+s.h]
		switch {
		case s.fresh[r]:
			clear(row)
		case i == 0:
			copy(row, s.h0.Data[b*s.h0.Last()+at:])
		default:
			copy(row, src[(r-s.b)*s.h:])
		}
	}
}

// recur adds, or with beta 0 writes, past*wh of step i into rows b0..b1 of dst [T][B][G].
func (s *sequence) recur(dst []float32, beta float32, i, b0, b1 int) {
	r := i*s.b + b0
	s.t.Core.K.Gemm(false, false, b1-b0, s.g, s.h, 1, s.past[r*s.h:], s.h, s.wh.Data, s.g, beta, dst[r*s.g:], s.g)
}

// beginBackward takes the memory of the backward pass; carry starts at zero.
func (s *sequence) beginBackward() {
	s.dz = s.t.floats(s.steps * s.b * s.g)
	s.whT = s.t.floats(s.h * s.g)
	transpose(s.whT, s.wh.Data, s.h, s.g)
	s.carry = s.t.floats(s.b * s.h)
	clear(s.carry)
	s.y.Gradient()
}

// recurGrad writes (beta 0) or adds (beta 1) the gradient of past at step i, dz*whT, into rows b0..b1 of dst [B][H].
func (s *sequence) recurGrad(dst, dz []float32, beta float32, i, b0, b1 int) {
	r := i*s.b + b0
	s.t.Core.K.Gemm(false, false, b1-b0, s.h, s.g, 1, dz[r*s.g:], s.g, s.whT, s.h, beta, dst[b0*s.h:], s.h)
}

// cut stops gradients at the start of episodes: rows of dst [B][H] whose step i is fresh become zero.
func (s *sequence) cut(dst []float32, i, b0, b1 int) {
	for b := b0; b < b1; b++ {
		if s.fresh[i*s.b+b] {
			clear(dst[b*s.h : b*s.h+s.h])
		}
	}
}

// finish adds the gradients of weights, biases and inputs; dzh is the gradient of past*wh where it differs from dz.
func (s *sequence) finish(dzh []float32) {
	n := s.steps * s.b
	s.t.linearGrads(s.x, s.wx, s.bx, s.dz, n)
	if g, beta := s.wh.accumulate(); g != nil {
		s.t.Core.Gemm(true, false, s.h, s.g, n, 1, s.past, s.h, dzh, s.g, beta, g, s.g)
	}
}

// stateGrad adds src [B][H] to the gradient of the initial state at that place of its rows.
func (s *sequence) stateGrad(src []float32, at int) {
	g := s.h0.Gradient()
	if g == nil {
		return
	}
	w := s.h0.Last()
	for b := range s.b {
		s.t.Core.K.Axpy(g[b*w+at:b*w+at+s.h], 1, src[b*s.h:b*s.h+s.h])
	}
}
