package engine

import (
	"cmp"
	"context"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
)

// openSamplers is how many samplers are held in memory; those used least lately are closed, and read from disk when wanted again.
const openSamplers = 8

// source is what is sampled from: a base model, a checkpoint, or a snapshot that has no name.
type source struct {
	key     string // path, folder, or name of the base model
	path    string // of the checkpoint, "" for others
	base    Base
	run     run
	folder  string // files; "" for a base model
	passing bool   // the files go with the last sampling session
	users   int    // sampling sessions
	deleted bool   // the files are gone, and others may lie in their place

	sampler llm.Sampler // nil while it is not open
	opening bool
	waiting []*sampleJob // calls that came before it was open
	used    time.Time
}

// sourceOf finds or makes the source of a base model or of a checkpoint.
func (s *Server) sourceOf(baseModel, path string) (*source, error) {
	if baseModel == "" && path == "" {
		return nil, lab.Errorf(lab.Invalid, "base_model and model_path are both missing, want one")
	}
	key := path
	if path == "" {
		key = "base " + baseModel
	}
	if src, ok := s.sources[key]; ok {
		return src, nil
	}
	src := &source{key: key, path: path, used: time.Now()}
	name := baseModel
	if path != "" {
		r, folder, _, err := s.loadable(path)
		if err != nil {
			return nil, err
		}
		src.run, src.folder, name = r, folder, r.Base
	}
	base, err := s.base(name)
	if err != nil {
		return nil, err
	}
	src.base = base
	s.sources[key] = src
	return src, nil
}

// open reads the weights of a source. It runs in the training lane, because it uses the base model.
func (src *source) open(ctx context.Context) (llm.Sampler, error) {
	if src.folder == "" {
		return src.base.Sampler(ctx)
	}
	m, err := src.run.LoRA.train(ctx, src.base, "")
	if err != nil {
		return nil, err
	}
	defer m.Close()
	if _, err := m.Load(ctx, src.folder, false).Wait(ctx); err != nil {
		return nil, err
	}
	return m.Sampler(ctx)
}

// whenOpen queues a call once the source is open.
func (s *Server) whenOpen(src *source, j *sampleJob) {
	src.used = time.Now()
	if src.sampler != nil {
		s.queueSample(src, j)
		return
	}
	if src.deleted {
		s.futures.finish(j.future, result{}, lab.Errorf(lab.NotFound, "checkpoint %q was deleted", src.path))
		return
	}
	src.waiting = append(src.waiting, j)
	if src.opening {
		return
	}
	src.opening = true
	s.training.add(&job{queue: "open " + src.key, drop: func() {}, run: func(ctx context.Context, _ []*job) { s.openSource(ctx, src) }})
}

func (s *Server) openSource(ctx context.Context, src *source) {
	var sampler llm.Sampler
	_, err := guarded(ctx, func(ctx context.Context) (r result, err error) {
		sampler, err = src.open(ctx)
		return r, err
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	src.opening = false
	waiting := src.waiting
	src.waiting = nil
	if err != nil {
		for _, j := range waiting {
			s.futures.finish(j.future, result{}, err)
		}
		return
	}
	src.sampler, src.used = sampler, time.Now()
	for _, j := range waiting {
		s.queueSample(src, j)
	}
	s.evict()
}

// evict closes the samplers used least lately until few enough are open. Calls under way keep theirs until they are done.
func (s *Server) evict() {
	open := slices.SortedFunc(maps.Values(s.sources), func(a, b *source) int { return cmp.Compare(b.used.UnixNano(), a.used.UnixNano()) })
	open = slices.DeleteFunc(open, func(src *source) bool { return src.sampler == nil })
	for i, src := range open {
		if i >= openSamplers {
			src.sampler = nil
		}
	}
}

// release takes note that a sampling session has gone; a source that nobody uses is dropped.
func (s *Server) release(src *source) {
	src.users--
	if src.users <= 0 {
		s.dropSource(src)
	}
}

// forgetSource takes note that a checkpoint was deleted: who samples from it may go on while it is in memory, and a checkpoint that
// gets its name later is another one.
func (s *Server) forgetSource(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if src, ok := s.sources[path]; ok {
		src.deleted = true
		delete(s.sources, path)
	}
}

func (s *Server) dropSource(src *source) {
	if s.sources[src.key] == src {
		delete(s.sources, src.key)
	}
	if !src.passing {
		return
	}
	s.sampling.clear(src.key)
	if err := os.RemoveAll(src.folder); err != nil {
		s.cfg.Log.Error("a snapshot could not be removed", "error", err)
	}
}
