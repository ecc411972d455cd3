package app

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// knnPeer is the same search in FAISS.
type knnPeer struct{ *peer }

// knnWork is what the script is asked for.
type knnWork struct {
	Rows    int `json:"rows"`
	Width   int `json:"width"`
	K       int `json:"k"`
	Queries int `json:"queries"` // of one call
	Times   int `json:"times"`   // calls
}

// knnRun is what it prints.
type knnRun struct {
	Calls   int     `json:"calls"`
	Seconds float64 `json:"seconds"` // median of a call
	FAISS   string  `json:"faiss"`
	Threads int     `json:"threads"`
	Form    string  `json:"form"` // the faster one of its ways to search
}

func (r knnRun) describe(queries int) string {
	return fmt.Sprintf("peer: FAISS %s, IndexFlatIP on the CPU, %d threads, %d a call: its faster form, %s", r.FAISS, r.Threads, queries, r.Form)
}

// findKNNPeer returns the peer after it has shown that it finds what we find, or nil where there is none, and says so.
func findKNNPeer(ctx context.Context, l *benchLab, core *num.Core) (*knnPeer, error) {
	p, why := lookForPeer(peerRoots(), "knn.py")
	if p == nil {
		l.say("mem: no comparison with FAISS: %s\n   do: run build/bench/setup in the source folder of Loci", why)
		return nil, nil
	}
	truth, err := knnTruth(core)
	if err != nil {
		return nil, err
	}
	if _, err := p.call(ctx, truth, "--check"); err != nil {
		if ctx.Err() == nil && p.lacks(ctx, "faiss") {
			l.say("mem: no comparison with FAISS: it does not install here\n   do: run build/bench/setup in the source folder of Loci")
			return nil, nil
		}
		return nil, err
	}
	return &knnPeer{p}, nil
}

// knnTruth is a small search of ours and what it finds.
func knnTruth(core *num.Core) ([]byte, error) {
	const rows, queries, k, width = 500, 30, 10, 24
	s, index := rng.New(2, "bench vectors"), mem.NewVectors(core, width)
	draw := func(n int) [][]float32 {
		all := make([][]float32, n)
		for i := range all {
			for range width {
				all[i] = append(all[i], float32(s.Normal()))
			}
		}
		return all
	}
	vectors, asked := draw(rows), draw(queries)
	for i, v := range vectors {
		if err := index.Put(strconv.Itoa(i), v); err != nil {
			return nil, err
		}
	}
	found, err := index.TopBatch(asked, k)
	if err != nil {
		return nil, err
	}
	ids := make([][]int, queries)
	for q, matches := range found {
		for _, m := range matches {
			id, err := strconv.Atoi(m.ID)
			if err != nil {
				return nil, lab.Errorf(lab.Internal, "a search found %q, want a number: %w", m.ID, err)
			}
			ids[q] = append(ids[q], id)
		}
	}
	text, err := json.Marshal(map[string]any{"vectors": vectors, "queries": asked, "ids": ids})
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "vectors cannot be written: %w", err)
	}
	return text, nil
}

// run lets the peer do one round of the work.
func (p *knnPeer) run(ctx context.Context, w knnWork, threads, seed int) (knnRun, error) {
	text, err := json.Marshal(w)
	if err != nil {
		return knnRun{}, lab.Errorf(lab.Internal, "work cannot be written: %w", err)
	}
	out, err := p.call(ctx, text, "--time", "--threads", strconv.Itoa(threads), "--seed", strconv.Itoa(seed))
	if err != nil {
		return knnRun{}, err
	}
	r, err := parseKNN(out)
	if err == nil && (r.Threads != threads || r.Calls != w.Times) {
		return r, lab.Errorf(lab.Internal, "the peer did %d calls on %d threads, want %d on %d", r.Calls, r.Threads, w.Times, threads)
	}
	return r, err
}

// parseKNN reads what the script printed.
func parseKNN(out []byte) (knnRun, error) {
	var r knnRun
	if err := json.Unmarshal(out, &r); err != nil {
		return r, lab.Errorf(lab.Internal, "the peer printed %q, which is no result: %w", clip(string(out)), err)
	}
	if r.Calls <= 0 || r.Seconds <= 0 || r.FAISS == "" || r.Threads <= 0 || r.Form == "" {
		return r, lab.Errorf(lab.Internal, "the peer printed %q, want calls, seconds, faiss, threads and form", clip(string(out)))
	}
	return r, nil
}
