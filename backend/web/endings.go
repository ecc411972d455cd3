package web

import (
	"bytes"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

// ending is what an open record keeps of one metric: how many values it has and the last. A run may have a million, and whoever opens it
// waits for none of them: pictures are drawn from the library's index.
type ending struct {
	events  int64
	payload []byte // newest event, nil where last is it
	last    lab.Metric
}

// metric takes in a value without decoding it. The name stands first in what our encoder writes; other payloads are decoded for it.
func (k *kept) metric(f record.Frame) error {
	name, ok := nameIn(f.Payload)
	if !ok {
		ev, err := f.Event()
		if err != nil {
			return err
		}
		name = inRecord(ev.(lab.Metric).Name)
	}
	m := k.metrics[string(name)]
	if m == nil {
		m = &ending{}
		k.metrics[string(name)] = m
	}
	if len(m.payload) == 0 {
		k.fresh = append(k.fresh, m)
	}
	m.events++
	m.payload = append(m.payload[:0], f.Payload...)
	return nil
}

// nameIn returns the name of a metric as its payload has it, with its quotes; false where the payload does not begin as our encoder writes
// it, and for names with signs that are written in several ways.
func nameIn(payload []byte) (name []byte, ok bool) {
	const label = `{"name":`
	if !bytes.HasPrefix(payload, []byte(label+`"`)) {
		return nil, false
	}
	name = payload[len(label):]
	end := bytes.IndexByte(name[1:], '"') + 2
	if end < 2 || !bytes.HasPrefix(name[end:], []byte(`,"x":`)) || bytes.IndexByte(name[:end], '\\') >= 0 {
		return nil, false
	}
	return name[:end], true
}

// settle decodes the newest value of every metric that has one, and the newest progress.
func (k *kept) settle() error {
	for _, m := range k.fresh {
		ev, err := lab.DecodeEvent(lab.KindMetric, m.payload)
		if err != nil {
			return err
		}
		m.last, m.payload = ev.(lab.Metric), m.payload[:0]
	}
	k.fresh = k.fresh[:0]
	if len(k.latest) == 0 {
		return nil
	}
	ev, err := lab.DecodeEvent(lab.KindProgress, k.latest)
	if err != nil {
		return err
	}
	k.progress, k.latest = ev.(lab.Progress), k.latest[:0]
	return nil
}

// ending returns what is kept of a metric, nil where the run has none of that name.
func (k *kept) ending(name string) *ending { return k.metrics[string(inRecord(name))] }
