package engine

import (
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/trainer/wire"
)

// takes tells whether the client accepts that kind of body, named and not by a wildcard.
func (c *call) takes(kind string) bool {
	return slices.ContainsFunc(strings.Split(c.Header.Get("Accept"), ","), func(part string) bool {
		k, _, err := mime.ParseMediaType(part)
		return err == nil && k == kind
	})
}

// page cuts the part of a list that limit and offset ask for.
func page[T any](c *call, all []T) ([]T, wire.Cursor, error) {
	limit, err := whole(c, "limit", 20)
	if err != nil {
		return nil, wire.Cursor{}, err
	}
	offset, err := whole(c, "offset", 0)
	if err != nil {
		return nil, wire.Cursor{}, err
	}
	from := min(offset, len(all))
	to := min(from+min(limit, 10_000), len(all))
	return all[from:to], wire.Cursor{Offset: offset, Limit: limit, Total: len(all)}, nil
}

func whole(c *call, name string, otherwise int) (int, error) {
	text := c.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, lab.Errorf(lab.Invalid, "%s is %.50q, want a whole number of at least 0", name, text)
	}
	return n, nil
}

func describe(c checkpoint) wire.Checkpoint {
	x := wire.Checkpoint{ID: c.id(), Type: wire.TrainingCheckpoint, Time: c.Time.UTC(), Path: c.path(), SizeBytes: &c.Bytes}
	if c.Kind == samplerKind {
		x.Type = wire.SamplerCheckpoint
	}
	if !c.Expires.IsZero() {
		at := c.Expires.UTC()
		x.Expires = &at
	}
	return x
}

func describeAll(cs []checkpoint) []wire.Checkpoint {
	all := []wire.Checkpoint{}
	for _, c := range cs {
		all = append(all, describe(c))
	}
	return all
}

func (s *Server) describeRun(r run) wire.TrainingRun {
	x := wire.TrainingRun{
		ID: r.ID, BaseModel: r.Base, ModelOwner: "loci", IsLoRA: r.LoRA.Rank > 0, LastRequest: r.LastRequest.UTC(), UserMetadata: r.Meta,
	}
	if x.IsLoRA {
		x.LoRARank = &r.LoRA.Rank
	}
	for _, c := range s.disk.list(r.ID) { // newest first
		d := describe(c)
		switch {
		case c.Kind == trainingKind && x.LastCheckpoint == nil:
			x.LastCheckpoint = &d
		case c.Kind == samplerKind && x.LastSampler == nil:
			x.LastSampler = &d
		}
	}
	return x
}

func (s *Server) listTrainingRuns(c *call) (any, error) {
	part, cursor, err := page(c, s.disk.listRuns())
	reply := wire.TrainingRunsReply{Runs: []wire.TrainingRun{}, Cursor: cursor}
	for _, r := range part {
		reply.Runs = append(reply.Runs, s.describeRun(r))
	}
	return reply, err
}

func (s *Server) showTrainingRun(c *call) (any, error) {
	r, err := s.disk.run(c.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return s.describeRun(r), nil
}

func (s *Server) listRunCheckpoints(c *call) (any, error) {
	r, err := s.disk.run(c.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return wire.CheckpointsReply{Checkpoints: describeAll(s.disk.list(r.ID))}, nil
}

func (s *Server) listCheckpoints(c *call) (any, error) {
	part, cursor, err := page(c, s.disk.list(""))
	return wire.CheckpointsReply{Checkpoints: describeAll(part), Cursor: &cursor}, err
}

// named is the path of the checkpoint that an address names.
func (c *call) named() (string, error) {
	path := "tinker://" + c.PathValue("id") + "/" + c.PathValue("kind") + "/" + c.PathValue("name")
	_, err := parsePath(path)
	return path, err
}

func (s *Server) deleteCheckpoint(c *call) (any, error) {
	path, err := c.named()
	if err == nil {
		err = s.disk.remove(path)
	}
	if err == nil {
		s.forgetSource(path)
	}
	return raw{status: http.StatusNoContent}, err
}

func (s *Server) setTTL(c *call, q *wire.TTLRequest) (any, error) {
	path, err := c.named()
	if err != nil {
		return nil, err
	}
	at, err := ttl(q.Seconds)
	if err != nil {
		return nil, err
	}
	return struct{}{}, s.disk.setExpiry(path, at.Truncate(time.Second))
}
