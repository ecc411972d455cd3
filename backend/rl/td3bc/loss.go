package td3bc

import (
	"fmt"
	"math"

	"github.com/loci-lab/loci/backend/num"
)

// Squared is the squared error as one operation, mean over the rows and sum over the W columns that a row is about:
//
//	L = (1/B) sum_b sum_c (x[b][from_b + c] - y[b][c])^2
//
// Columns that a row is not about, such as the heads of other tasks, get no gradient.
type Squared struct {
	x, loss *num.Tensor
	y       []float32
	from    []int32
	w       int
}

// Record puts the loss on the tape: x [B][..], y [B][W], from [B] the first column of each row, nil for 0. y and from must stay until
// the backward pass.
func (l *Squared) Record(t *num.Tape, x *num.Tensor, y []float32, from []int32) *num.Tensor {
	rows := x.Rows()
	if rows == 0 || len(y)%rows != 0 || from != nil && len(from) != rows || len(y)/rows > x.Last() {
		panic(fmt.Sprintf("td3bc: squared error of %v and %d numbers with %d first columns", x, len(y), len(from)))
	}
	l.x, l.y, l.from, l.w, l.loss = x, y, from, len(y)/rows, t.Tensor("squared error", 1)
	sum := 0.0
	for b := range rows {
		at := l.at(b)
		for c, want := range y[b*l.w : (b+1)*l.w] {
			d := float64(x.Data[at+c]) - float64(want)
			sum += d * d
		}
	}
	l.loss.Data[0] = float32(sum / float64(rows))
	t.Custom(l)
	return l.loss
}

// at is where row b of x begins to count.
func (l *Squared) at(b int) int {
	at := b * l.x.Last()
	if l.from != nil {
		at += int(l.from[b])
	}
	return at
}

// Backward implements num.Func.
func (l *Squared) Backward() {
	g, d := l.x.Gradient(), l.loss.Gradient()
	if g == nil || d[0] == 0 {
		return
	}
	rows := l.x.Rows()
	scale := d[0] * 2 / float32(rows)
	for b := range rows {
		at := l.at(b)
		for c, want := range l.y[b*l.w : (b+1)*l.w] {
			g[at+c] += float32(scale * (l.x.Data[at+c] - want))
		}
	}
}

// Ascend is the loss that makes the mean value large (arXiv 2106.06860v2, eq. 5):
//
//	L = -(1/B) sum_b lambda q_b,    lambda = alpha / ((1/B) sum_b |q_b|)
//
// No gradient passes through lambda. It makes the value as large as the behaviour term beside it, whatever the scale of the rewards.
type Ascend struct {
	q, loss *num.Tensor
	Lambda  float64 // of the last Record
}

// Record puts the loss on the tape for values q [B][1].
func (l *Ascend) Record(t *num.Tape, q *num.Tensor, alpha float64) *num.Tensor {
	l.q, l.loss = q, t.Tensor("ascend", 1)
	sum, size := 0.0, 0.0
	for _, v := range q.Data {
		sum += float64(v)
		size += math.Abs(float64(v))
	}
	n := float64(q.Len())
	l.Lambda = alpha / max(size/n, 1e-6) // a critic of all zeros has no scale yet
	l.loss.Data[0] = float32(-l.Lambda * sum / n)
	t.Custom(l)
	return l.loss
}

// Backward implements num.Func.
func (l *Ascend) Backward() {
	g, d := l.q.Gradient(), l.loss.Gradient()
	if g == nil || d[0] == 0 {
		return
	}
	step := float32(-l.Lambda/float64(l.q.Len())) * d[0]
	for i := range g {
		g[i] += step
	}
}
