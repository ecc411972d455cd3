package bundle

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

// Sizes are about how many bytes each detail takes in an archive.
type Sizes struct {
	Results  int64 `json:"results"`
	Episodes int64 `json:"episodes"`
	Memory   int64 `json:"memory"`
	Weights  int64 `json:"weights"`
}

// Of sums up what a choice takes.
func (s Sizes) Of(d Detail) int64 {
	total := s.Results
	if d.Episodes {
		total += s.Episodes
	}
	if d.Memory {
		total += s.Memory
	}
	if d.Weights {
		total += s.Weights
	}
	return total
}

// sampled is how many bytes of a detail of one run are compressed to learn how much smaller it gets.
const sampled = 1 << 20

// Measure tells sizes before anything is written: it reads every record once and compresses the first of each detail.
func Measure(ctx context.Context, e Experiment) (Sizes, error) {
	var s Sizes
	for _, r := range e.Runs {
		one, err := MeasureRun(ctx, r)
		if err != nil {
			return s, err
		}
		s.Results, s.Episodes, s.Memory, s.Weights = s.Results+one.Results, s.Episodes+one.Episodes, s.Memory+one.Memory, s.Weights+one.Weights
	}
	s.Results += int64(len(e.Notebook)+len(e.Results))/3 + 600*int64(len(e.Runs)) + 2000
	return s, nil
}

// MeasureRun is Measure for one run alone.
func MeasureRun(ctx context.Context, r Run) (s Sizes, err error) {
	if err := ctx.Err(); err != nil {
		return s, lab.Errorf(lab.Cancelled, "stopped while sizes were read")
	}
	err = s.add(r)
	return s, err
}

func (s *Sizes) add(r Run) error {
	rec, err := record.Open(r.Record)
	if err != nil {
		return named(err, r)
	}
	defer rec.Close()
	raw, sample, mixed := map[string]int64{}, map[string]*bytes.Buffer{}, &bytes.Buffer{}
	for f, err := range rec.Frames(0) {
		if err != nil {
			return named(err, r)
		}
		class := classOf(f.Kind)
		raw[class] += int64(len(f.Payload)) + 25
		if sample[class] == nil {
			sample[class] = &bytes.Buffer{}
		}
		for _, b := range []*bytes.Buffer{sample[class], mixed} {
			if b.Len() < sampled {
				b.Write(framed(f))
			}
		}
	}
	apart, all := map[string]float64{}, 0.0
	var bytesRaw int64
	for class, b := range sample {
		apart[class] = float64(raw[class]) * ratio(b)
		all += apart[class]
		bytesRaw += raw[class]
	}
	scale := 1.0
	if all > 0 { // events of all kinds stand mixed in the record, which compresses less than each kind alone
		scale = float64(bytesRaw) * ratio(mixed) / all
	}
	for class, to := range map[string]*int64{"results": &s.Results, "episodes": &s.Episodes, "memory": &s.Memory} {
		*to += int64(apart[class] * scale)
	}
	s.Weights += weights(r) // numbers hardly get smaller
	return nil
}

// framed is an event about as the record holds it: what stands round the payload compresses badly.
func framed(f record.Frame) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(f.Payload)))
	b = binary.LittleEndian.AppendUint64(b, uint64(f.Seq))
	b = binary.LittleEndian.AppendUint64(b, uint64(f.Time.UnixMilli()))
	b = append(append(b, 0), f.Payload...)
	return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

// ratio is what part of its size a sample keeps.
func ratio(b *bytes.Buffer) float64 {
	if b.Len() == 0 {
		return 0
	}
	return float64(compressed(b.Bytes())) / float64(b.Len())
}

func compressed(b []byte) int64 {
	var n tally
	w, err := flate.NewWriter(&n, flate.DefaultCompression)
	if err != nil {
		return int64(len(b)) // cannot happen: the level is legal
	}
	_, _ = w.Write(b) // a tally takes everything
	_ = w.Close()
	return int64(n)
}

// tally counts bytes.
type tally int64

func (t *tally) Write(b []byte) (int, error) {
	*t += tally(len(b))
	return len(b), nil
}

func weights(r Run) (n int64) {
	dir := filepath.Dir(r.Record)
	names, err := checkpoints(dir)
	if err != nil {
		return 0
	}
	for _, name := range names {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil {
			n += info.Size()
		}
	}
	return n
}

// bytesOf is about how many bytes will be read: what the bar counts against.
func bytesOf(runs []Run, d Detail) (n int64) {
	for _, r := range runs {
		if info, err := os.Stat(r.Record); err == nil {
			n += info.Size()
		}
		if d.Weights {
			n += weights(r)
		}
	}
	return n
}
