package tinker

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/trainer"
	"github.com/loci-lab/loci/backend/trainer/wire"
)

// scheme begins the path of every checkpoint.
const scheme = "tinker://"

// Save implements trainer.Trainer.
func (t *Trainer) Save(ctx context.Context, name string) *trainer.Future[string] {
	if !regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`).MatchString(name) {
		return trainer.Ready("", error(lab.Errorf(lab.Invalid, "the name of a checkpoint is %q, want 1 to 255 letters, digits, _ or -", name)))
	}
	m := t.model
	save := queued{what: wire.PathSave, make: func(seq int64) (*call, error) {
		c, err := post(wire.PathSave, wire.SaveRequest{Type: wire.PathSave, ModelID: m.id, Path: name, SeqID: seq})
		if err == nil {
			c.taken = func(ctx context.Context) (*answer, error) {
				return m.find(ctx, wire.WeightsSegment, wire.TrainingCheckpoint, name)
			}
		}
		return c, err
	}}
	return start(ctx, m, 1, []queued{save}, func(answers []*answer) (string, error) {
		reply, err := read[wire.SaveReply](m.link, wire.PathSave, answers[0])
		if err == nil && !strings.HasPrefix(reply.Path, scheme) {
			err = m.garbled(wire.PathSave, lab.Errorf(lab.Invalid, "the path is %q, want one that begins with %s", reply.Path, scheme))
		}
		return reply.Path, err
	})
}

// find looks a checkpoint up that an earlier try of the same call may have made, and returns it as the result of that call; nil where
// it is not there.
func (m *model) find(ctx context.Context, segment, kind, name string) (*answer, error) {
	a, err := m.once(ctx, get("training_runs/"+url.PathEscape(m.id)+"/checkpoints"), submitTimeout)
	if err != nil || a.status != http.StatusOK {
		return nil, err
	}
	list, err := read[wire.CheckpointsReply](m.link, "the list of checkpoints", a)
	if err != nil {
		return nil, err
	}
	for _, c := range list.Checkpoints {
		if c.ID == segment+"/"+name || c.ID == name && c.Type == kind {
			if c.Path == "" {
				c.Path = scheme + m.id + "/" + segment + "/" + name
			}
			body, err := wire.Encode(wire.SaveReply{Path: c.Path})
			return &answer{status: http.StatusOK, body: body, final: true}, err
		}
	}
	return nil, nil
}

// Load implements trainer.Trainer.
func (t *Trainer) Load(ctx context.Context, path string, optimizer bool) *trainer.Future[struct{}] {
	m := t.model
	if m.queue.used() {
		return trainer.Ready(struct{}{}, error(lab.Errorf(lab.Invalid, "weights are loaded after other calls, want Load to be the first call on a trainer")))
	}
	if !strings.HasPrefix(path, scheme) {
		return trainer.Ready(struct{}{}, error(lab.Errorf(lab.Invalid, "the path of the weights is %q, want one that begins with %s", path, scheme)))
	}
	m.epoch.Add(1)
	load := queued{what: wire.PathLoad, make: func(seq int64) (*call, error) {
		return post(wire.PathLoad, wire.LoadRequest{Type: wire.PathLoad, ModelID: m.id, SeqID: seq, Path: path, Optimizer: optimizer})
	}}
	return start(ctx, m, 1, []queued{load}, func(answers []*answer) (struct{}, error) {
		_, err := read[wire.LoadReply](m.link, wire.PathLoad, answers[0])
		return struct{}{}, err
	})
}

// kept is what a snapshot holds: where the service has the state.
type kept struct {
	Path string `json:"path"`
}

// Snapshot saves weights and optimiser at the service under a fresh name and writes the path. Gradients that no step has used cannot be
// kept there, so they are an error of code invalid.
func (t *Trainer) Snapshot(w io.Writer) error {
	if t.model.pending {
		return lab.Errorf(lab.Invalid, "gradients wait for a step, and a training service cannot keep them").WithHint("keep the state behind OptimStep")
	}
	path, err := t.Save(t.model.life, "loci-"+rand.Text()).Wait(t.model.life)
	if err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(kept{path})
}

// Restore makes a model anew, in place of the one there, and loads what Snapshot kept, with the optimiser. After an error the trainer
// is to be dropped.
func (t *Trainer) Restore(r io.Reader) error {
	var state kept
	if err := json.NewDecoder(r).Decode(&state); err != nil || !strings.HasPrefix(state.Path, scheme) {
		return lab.Errorf(lab.Invalid, "the kept state of a training service has no path that begins with %s", scheme)
	}
	ctx := t.model.life
	if t.model.queue.used() {
		if err := t.replace(ctx); err != nil {
			return err
		}
	}
	_, err := t.Load(ctx, state.Path, true).Wait(ctx)
	return err
}

// replace unloads the model first: some services have room for one only.
func (t *Trainer) replace(ctx context.Context) error {
	old := t.model
	old.tell(wire.PathUnload, wire.UnloadRequest{Type: wire.PathUnload, ModelID: old.id})
	next, err := newModel(ctx, old.session, &t.options, t.models)
	if err != nil {
		return err
	}
	old.epoch.Add(1)
	t.models++
	t.model = next
	return nil
}
