package app

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

const (
	memRows      = 100_000
	memManyRows  = 1_000_000 // with --large
	memWidth     = 384
	memNearest   = 10
	memBandwidth = 0.70                   // share of the memory read bandwidth that one query must reach
	memTime      = 400 * time.Millisecond // of searches and of plain reading in a round
	memBatch     = 64
)

// benchMem measures the searches, banks and records of memories.
func benchMem(ctx context.Context, l *benchLab) ([]measure, error) {
	rows := []int{memRows}
	if l.large {
		rows = append(rows, memManyRows)
	}
	var out []measure
	for _, n := range rows {
		found, err := benchVectors(ctx, l, n)
		if err != nil {
			return nil, err
		}
		out = append(out, onThreads(l.threads, found)...)
	}
	for _, part := range []func(context.Context, *benchLab) ([]measure, error){benchBM25, benchBank} {
		found, err := part(ctx, l)
		if err != nil {
			return nil, err
		}
		out = append(out, onThreads(1, found)...)
	}
	return out, nil
}

// vectorTable gathers the rounds of one size.
type vectorTable struct {
	rows                          int
	bandwidth, reading, share     []float64 // GB/s, GB/s, share
	one, batch, peerOne, peerMany []float64 // queries/s
	formOne, formMany             knnRun    // of FAISS, in the last round
}

// benchVectors searches so many vectors exactly, here and in FAISS, in turn, beside the memory's bandwidth.
func benchVectors(ctx context.Context, l *benchLab, rows int) ([]measure, error) {
	core := num.NewCore(l.kernels, l.threads)
	defer core.Close()
	p, err := findKNNPeer(ctx, l, core)
	if err != nil {
		return nil, err
	}
	index, queries, err := randomVectors(core, rows)
	if err != nil {
		return nil, err
	}
	t := &vectorTable{rows: rows}
	err = l.inRounds(ctx, func(r int) error {
		if err := t.ours(core, index, queries); err != nil {
			return err
		}
		return t.theirs(ctx, l, p, r)
	})
	if err != nil {
		return nil, err
	}
	return t.measures(), nil
}

// randomVectors makes a search among so many random vectors, and queries.
func randomVectors(core *num.Core, rows int) (*mem.Vectors, [][]float32, error) {
	s, index := rng.New(1, "bench vectors"), mem.NewVectors(core, memWidth)
	draw := func() []float32 {
		v := make([]float32, memWidth)
		for i := range v {
			v[i] = s.Float32() - 0.5
		}
		return v
	}
	for i := range rows {
		if err := index.Put(strconv.Itoa(i), draw()); err != nil {
			return nil, nil, err
		}
	}
	queries := make([][]float32, memBatch)
	for i := range queries {
		queries[i] = draw()
	}
	return index, queries, nil
}

// ours measures one round here: plain reading and searching take turns, so that what disturbs one disturbs the other.
func (t *vectorTable) ours(core *num.Core, index *mem.Vectors, queries [][]float32) error {
	gigabytes := float64(t.rows*memWidth*4) / 1e9
	data := make([]float32, t.rows*memWidth)
	for i := range data {
		data[i] = 1 // every page is there
	}
	var search []float64
	read := make([][]float64, 2)
	for start, i := time.Now(), 0; i < 5 || time.Since(start) < memTime; i++ {
		for j, f := range []func(x []float32) float32{core.K.Sum, core.K.Max} {
			read[j] = append(read[j], gigabytes/secondsOf(func() { readAll(core, data, f) }))
		}
		var err error
		search = append(search, 1/secondsOf(func() { _, err = index.Top(queries[i%len(queries)], memNearest) }))
		if err != nil {
			return err
		}
	}
	var batch []float64
	for start, i := time.Now(), 0; i < 2 || time.Since(start) < memTime; i++ {
		var err error
		batch = append(batch, memBatch/secondsOf(func() { _, err = index.TopBatch(queries, memNearest) }))
		if err != nil {
			return err
		}
	}
	bandwidth := max(median(read[0]), median(read[1])) // of two ways to read the faster one is nearer the truth
	t.bandwidth, t.reading = append(t.bandwidth, bandwidth), append(t.reading, median(search)*gigabytes)
	t.share = append(t.share, median(search)*gigabytes/bandwidth)
	t.one, t.batch = append(t.one, median(search)), append(t.batch, median(batch))
	return nil
}

// readAll reads all numbers with a kernel that does next to nothing with them, on all threads.
func readAll(core *num.Core, data []float32, f func(x []float32) float32) {
	const chunk = 1 << 14
	core.Do((len(data)+chunk-1)/chunk, len(data)*16, func(c0, c1 int) {
		for c := c0; c < c1; c++ {
			f(data[c*chunk : min((c+1)*chunk, len(data))])
		}
	})
}

// secondsOf is how long f takes.
func secondsOf(f func()) float64 {
	start := time.Now()
	f()
	return max(time.Since(start), 1).Seconds()
}

// theirs measures one round of FAISS.
func (t *vectorTable) theirs(ctx context.Context, l *benchLab, p *knnPeer, round int) error {
	if p == nil {
		return nil
	}
	for _, w := range []knnWork{{t.rows, memWidth, memNearest, 1, 20}, {t.rows, memWidth, memNearest, memBatch, 3}} {
		r, err := p.run(ctx, w, l.threads, round)
		if err != nil {
			return err
		}
		rate := float64(w.Queries) / r.Seconds
		if w.Queries == 1 {
			t.peerOne, t.formOne = append(t.peerOne, rate), r
		} else {
			t.peerMany, t.formMany = append(t.peerMany, rate), r
		}
	}
	return nil
}

func (t *vectorTable) measures() []measure {
	size := fmt.Sprintf(", %s x %d", number(float64(t.rows)), memWidth)
	var least *limit
	if t.rows == memRows {
		least = atLeast(memBandwidth)
	}
	out := []measure{
		{Name: "memory read bandwidth" + size, Unit: "GB/s", Rounds: t.bandwidth},
		{Name: "exact top 10, read" + size, Unit: "GB/s", Rounds: t.reading},
		{Name: "exact top 10, share of the bandwidth" + size, Unit: "share", Rounds: t.share, Limit: least,
			Note: "the bandwidth is that of adding up, or taking the largest of, as many numbers with the same threads, in turn with the searches"},
		{Name: "exact top 10, 1 query a call" + size, Unit: "queries/s", Rounds: t.one},
		{Name: "exact top 10, 64 queries a call" + size, Unit: "queries/s", Rounds: t.batch},
	}
	if len(t.peerOne) > 0 {
		out = append(out,
			measure{Name: "FAISS flat, 1 query a call" + size, Unit: "queries/s", Rounds: t.peerOne,
				Note: t.formOne.describe(1)},
			measure{Name: "FAISS flat, 64 queries a call" + size, Unit: "queries/s", Rounds: t.peerMany, Note: t.formMany.describe(memBatch)},
			measure{Name: "Loci against FAISS, 1 query a call" + size, Unit: "times", Rounds: ratios(t.one, t.peerOne)},
			measure{Name: "Loci against FAISS, 64 queries a call" + size, Unit: "times", Rounds: ratios(t.batch, t.peerMany)})
	}
	return out
}
