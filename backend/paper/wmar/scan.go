package wmar

import (
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// scan is the recurrent state-space model over a window, as one operation of the tape:
//
//	h_t = 0 where an episode begins, else g_{t-1}
//	q_t = unimix softmax(e_t + h_t Wp)              posterior of the latents; e_t is the encoded observation
//	z_t ~ q_t, one-hot                              straight through: dq_t = dz_t
//	g_t = GRU([z_t, one-hot a_t], h_t)
//
// Letters: T steps, B windows, rows t*B+b; H state, Z latents, A actions. The state before the first step is zero: what was carried there
// is not kept.
type scan struct {
	t    *num.Tape
	gru  *nn.GRU     // [Z+A] -> [H]
	wp   *num.Tensor // [H][Z]
	cls  int         // classes of a latent
	acts int         // A

	steps, b int
	e        *num.Tensor // [T*B][Z]
	fresh    []bool

	feat   *num.Tensor // [T*B][H+Z] h_t and z_t
	past   *num.Tensor // [T*B][H] h_t
	logits *num.Tensor // [T*B][Z]
	next   *num.Tensor // [T*B][H] g_t

	soft, probs []float32 // [T*B][Z]
	x           []float32 // [T*B][Z+A]
	zx, zh      []float32 // [T*B][3H]

	// held, where not nil, makes z_t = q_t + held instead of a draw: with held the difference of a former draw and its q, the
	// straight-through gradient is the true one, and finite differences can check it.
	held []float32 // [T*B][Z]

	dx, dzx, dzh, dl, dh, carry []float32
}

func (s *scan) width() (h, z, x, g int) {
	h, z = s.wp.Shape[0], s.wp.Shape[1]
	return h, z, z + s.acts, 3 * h
}

// record runs the scan forward on a tape. Draws come from chance.
func (s *scan) record(t *num.Tape, e *num.Tensor, actions []int32, fresh []bool, steps, b int, chance *rng.Stream) {
	h, z, w, g := s.width()
	n := steps * b
	s.t, s.e, s.fresh, s.steps, s.b = t, e, fresh, steps, b
	s.feat, s.past = t.Tensor("feat", n, h+z), t.Tensor("past", n, h)
	s.logits, s.next = t.Tensor("posterior", n, z), t.Tensor("next", n, h)
	s.soft, s.probs, s.x = grow(s.soft, n*z), grow(s.probs, n*z), grow(s.x, n*w)
	s.zx, s.zh = grow(s.zx, n*g), grow(s.zh, n*g)
	for i := range steps {
		s.step(i, actions, chance)
	}
	t.Custom(s)
}

// step computes rows i*B to (i+1)*B.
func (s *scan) step(i int, actions []int32, chance *rng.Stream) {
	k, b := &s.t.Core.K, s.b
	h, z, w, g := s.width()
	r := i * b
	past := s.past.Data[r*h : (r+b)*h]
	if i == 0 {
		clear(past)
	} else {
		copy(past, s.next.Data[(r-b)*h:r*h])
	}
	for j := range b {
		if s.fresh[r+j] {
			clear(past[j*h : (j+1)*h])
		}
	}
	logits := s.logits.Data[r*z : (r+b)*z]
	copy(logits, s.e.Data[r*z:])
	k.Gemm(false, false, b, z, h, 1, past, h, s.wp.Data, z, 1, logits, z)
	mixed(k, logits, s.soft[r*z:], s.probs[r*z:(r+b)*z], s.cls)
	for j := r; j < r+b; j++ {
		row, feat := s.x[j*w:(j+1)*w], s.feat.Data[j*(h+z):(j+1)*(h+z)]
		s.latent(j, z, row[:z], chance)
		clear(row[z:])
		row[z+int(actions[j])] = 1
		copy(feat, s.past.Data[j*h:(j+1)*h])
		copy(feat[h:], row[:z])
	}
	k.Gemm(false, false, b, g, w, 1, s.x[r*w:], w, s.gru.Wx.Data, g, 0, s.zx[r*g:], g)
	k.AddRows(s.zx[r*g:], g, b, g, s.gru.Bx.Data)
	k.Gemm(false, false, b, g, h, 1, past, h, s.gru.Wh.Data, g, 0, s.zh[r*g:], g)
	k.AddRows(s.zh[r*g:], g, b, g, s.gru.Bh.Data)
	for j := r; j < r+b; j++ {
		k.GRUCell(s.zx[j*g:(j+1)*g], s.zh[j*g:(j+1)*g], s.past.Data[j*h:(j+1)*h], s.next.Data[j*h:(j+1)*h])
	}
}

// latent writes z of a row.
func (s *scan) latent(row, z int, out []float32, chance *rng.Stream) {
	p := s.probs[row*z : (row+1)*z]
	if s.held == nil {
		draw(chance, p, out, s.cls)
		return
	}
	for i, v := range p {
		out[i] = v + s.held[row*z+i]
	}
}

// Backward implements num.Func.
func (s *scan) Backward() {
	h, z, w, g := s.width()
	n := s.steps * s.b
	for _, x := range [4]*num.Tensor{s.feat, s.past, s.logits, s.next} {
		x.Gradient()
	}
	s.dx, s.dzx, s.dzh, s.dl = grow(s.dx, s.b*w), grow(s.dzx, n*g), grow(s.dzh, n*g), grow(s.dl, n*z)
	s.dh, s.carry = grow(s.dh, s.b*h), grow(s.carry, s.b*h)
	clear(s.carry)
	for i := s.steps - 1; i >= 0; i-- {
		s.back(i)
	}
	c := s.t.Core
	c.Gemm(true, false, h, z, n, 1, s.past.Data, h, s.dl, z, 1, s.wp.Gradient(), z)
	c.Gemm(true, false, w, g, n, 1, s.x, w, s.dzx, g, 1, s.gru.Wx.Gradient(), g)
	c.Gemm(true, false, h, g, n, 1, s.past.Data, h, s.dzh, g, 1, s.gru.Wh.Gradient(), g)
	c.SumRows(s.gru.Bx.Gradient(), s.dzx, n, g)
	c.SumRows(s.gru.Bh.Gradient(), s.dzh, n, g)
	if e := s.e.Gradient(); e != nil {
		c.K.Axpy(e, 1, s.dl[:n*z])
	}
}

// back takes the gradient of step i to the step before it: carry [B][H] is that of g_i on the way in and of g_{i-1} on the way out.
func (s *scan) back(i int) {
	k, b := &s.t.Core.K, s.b
	h, z, w, g := s.width()
	r := i * b
	k.Add(s.carry, s.carry, s.next.Grad[r*h:(r+b)*h])
	dh := s.dh
	copy(dh, s.past.Grad[r*h:(r+b)*h])
	for j := range b {
		row := r + j
		k.GRUCellGrad(s.dzx[row*g:(row+1)*g], s.dzh[row*g:(row+1)*g], dh[j*h:(j+1)*h], s.carry[j*h:(j+1)*h],
			s.zx[row*g:(row+1)*g], s.zh[row*g:(row+1)*g], s.past.Data[row*h:(row+1)*h])
		k.Axpy(dh[j*h:(j+1)*h], 1, s.feat.Grad[row*(h+z):row*(h+z)+h])
	}
	k.Gemm(false, true, b, w, g, 1, s.dzx[r*g:], g, s.gru.Wx.Data, g, 0, s.dx, w)
	copy(s.dl[r*z:(r+b)*z], s.logits.Grad[r*z:])
	for j := range b {
		row := r + j
		dz := s.dx[j*w : j*w+z]
		k.Axpy(dz, 1, s.feat.Grad[row*(h+z)+h:(row+1)*(h+z)])
		for at := 0; at < z; at += s.cls {
			softmaxGrad(s.dl[row*z+at:row*z+at+s.cls], dz[at:at+s.cls], s.soft[row*z+at:row*z+at+s.cls])
		}
	}
	k.Gemm(false, true, b, h, g, 1, s.dzh[r*g:], g, s.gru.Wh.Data, g, 1, dh, h)
	k.Gemm(false, true, b, h, z, 1, s.dl[r*z:], z, s.wp.Data, z, 1, dh, h)
	for j := range b {
		if s.fresh[r+j] { // the state before is not what this step started from
			clear(dh[j*h : (j+1)*h])
		}
	}
	s.carry, s.dh = dh, s.carry
}
