package tinker

import (
	"context"
	"encoding/json"
	"math"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/trainer"
	"github.com/loci-lab/loci/backend/trainer/wire"
)

// model is one model at a service.
type model struct {
	*session
	id       string
	queue    *queue
	profile  trainer.Profile
	jsonOnly atomic.Bool  // the service reads no protobuf
	epoch    atomic.Int64 // counts steps and loads: samplers made in an earlier one are old
	pending  bool         // gradients wait for a step; read and written by the one goroutine that makes calls
}

// plain says that the service is spoken to in JSON alone.
func (m *model) plain() bool { return isSkyRL(m.profile.Name) || m.jsonOnly.Load() }

// usable returns an error if nothing more can be asked of the model.
func (m *model) usable() error {
	if m.life.Err() != nil {
		return lab.Errorf(lab.Cancelled, "the trainer was closed")
	}
	if err := m.ended(); err != nil {
		return err
	}
	return m.queue.state()
}

// newModel makes the model of that number in the session and finds out what kind of service it is.
func newModel(ctx context.Context, s *session, o *Options, number int64) (*model, error) {
	const what = "the request for a model"
	request := wire.CreateModelRequest{Type: wire.PathCreateModel, SessionID: s.id, ModelSeqID: number, BaseModel: o.BaseModel}
	if o.Rank > 0 || s.skyrl || isSkyRL(o.Profile) {
		seed := int64(o.Seed & math.MaxInt64)
		request.LoRA = &wire.LoRA{Rank: o.Rank, Seed: &seed} // SkyRL wants a rank of 0 for all weights
	}
	c, err := post(wire.PathCreateModel, request)
	if err != nil {
		return nil, err
	}
	a, err := s.submit(ctx, s.jitter, what, c)
	if err != nil {
		return nil, err
	}
	reply, err := read[wire.Queued](s.link, what, a)
	if err != nil {
		return nil, err
	}
	if reply.RequestID == "" {
		return nil, s.garbled(what, lab.Errorf(lab.Invalid, "it has no request_id"))
	}
	if a, err = s.await(ctx, s.jitter, what, reply.RequestID, false); err != nil {
		return nil, err
	}
	made, err := read[wire.CreateModelReply](s.link, what, a)
	if err != nil {
		return nil, err
	}
	m := &model{session: s, id: made.ModelID, queue: newQueue()}
	m.profile = m.findProfile(ctx, o.Profile)
	return m, nil
}

// findProfile takes the user's word, else looks for what only one kind of service does: SkyRL's model ids and its missing calls, the
// owner that Loci's engine writes into its listings, the hosted service's address.
func (m *model) findProfile(ctx context.Context, name string) trainer.Profile {
	if name == "" {
		name = m.detect(ctx)
	}
	p := ProfileOf(name)
	p.Notes = append(slices.Clone(p.Notes), m.notes...)
	return p
}

func (m *model) detect(ctx context.Context) string {
	if strings.HasSuffix(m.host, "thinkingmachines.dev") {
		return Hosted
	}
	if strings.HasPrefix(m.id, "model_") || m.skyrl {
		return SkyRL
	}
	a, err := m.once(ctx, get("training_runs/"+url.PathEscape(m.id)), submitTimeout)
	if err != nil || a.status != 200 {
		return Unknown
	}
	if run, err := wire.Decode[wire.TrainingRun](a.body); err == nil && run.ModelOwner == Loci {
		return Loci
	}
	return Unknown
}

// unmarshal reads JSON over what is there already; fields that are missing stay.
func unmarshal(body []byte, into any) error { return json.Unmarshal(body, into) }
