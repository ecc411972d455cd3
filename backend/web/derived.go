package web

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"
	"sync"

	"github.com/loci-lab/loci/backend/file"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/settings"
)

// The points of a long series of a finished run are kept in a file beside its record, from which a chart is there at once; the index
// answers as many rows far slower. Such a file holds nothing that the record does not. It may be deleted at any time, and one that does
// not fit the record is as good as none.
//
// The file is, all numbers little-endian:
//
//	magic            8 bytes "lociPTS\n"
//	version          uint32, 1
//	record           uint64 length in bytes, uint64 number of events, and its last tailSize bytes, which hold the last checksum
//	name             uint32 length, and the bytes of the metric's name
//	points           uint64 number N, N x int64, N y float64
//	checksum         uint32, CRC-32C of everything before it
const (
	derivedFolder = "derived"
	pointsMagic   = "lociPTS\n"
	pointsVersion = 1
	tailSize      = 32
)

// longSeries is the number of points from which a series has a file: shorter ones come from the index as fast.
const longSeries = 50_000

// print tells one state of a record from another.
type print struct {
	length, events int64
	tail           [tailSize]byte
}

// printOf looks at the end of a record. events is left 0: they are not counted.
func printOf(path string) (p print, err error) {
	f, err := os.Open(path)
	if err != nil {
		return p, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return p, err
	}
	p.length = info.Size()
	_, err = f.ReadAt(p.tail[:], max(0, p.length-tailSize))
	return p, err
}

// pointsFile is where the points of a metric of a record lie. Names of metrics are any text; the file says whose points it holds.
func pointsFile(recordFile, metric string) string {
	name := fileName(metric)
	if len(name) > 40 {
		name = name[:40]
	}
	sum := crc32.Checksum([]byte(metric), castagnoli())
	return filepath.Join(filepath.Dir(recordFile), derivedFolder, fmt.Sprintf("%s-%08x.pts", name, sum))
}

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// encodePoints makes the content of a file.
func encodePoints(p print, metric string, xs []int64, ys []float64) []byte {
	le := binary.LittleEndian
	b := make([]byte, 0, 64+tailSize+len(metric)+16*len(xs))
	b = le.AppendUint32(append(b, pointsMagic...), pointsVersion)
	b = le.AppendUint64(le.AppendUint64(b, uint64(p.length)), uint64(p.events))
	b = append(b, p.tail[:]...)
	b = append(le.AppendUint32(b, uint32(len(metric))), metric...)
	b = le.AppendUint64(b, uint64(len(xs)))
	for _, x := range xs {
		b = le.AppendUint64(b, uint64(x))
	}
	for _, y := range ys {
		b = le.AppendUint64(b, math.Float64bits(y))
	}
	return le.AppendUint32(b, crc32.Checksum(b, castagnoli()))
}

// decodePoints is the inverse of encodePoints; ok is false for a file of another record, another metric or none at all.
func decodePoints(b []byte, p print, metric string) (xs []int64, ys []float64, ok bool) {
	le := binary.LittleEndian
	head := encodePoints(print{length: p.length, tail: p.tail}, metric, nil, nil)
	head = head[:len(head)-4]
	const events = len(pointsMagic) + 4 + 8
	if len(b) < len(head)+4 {
		return nil, nil, false
	}
	copy(head[events:events+8], b[events:]) // whoever wrote it had counted them
	n := le.Uint64(b[len(head)-8:])
	if !bytes.Equal(b[:len(head)-8], head[:len(head)-8]) || n > math.MaxInt32 || len(b) != len(head)+16*int(n)+4 {
		return nil, nil, false
	}
	if crc32.Checksum(b[:len(b)-4], castagnoli()) != le.Uint32(b[len(b)-4:]) {
		return nil, nil, false
	}
	at := b[len(head):]
	xs, ys = make([]int64, n), make([]float64, n)
	for i := range xs {
		xs[i] = int64(le.Uint64(at[8*i:]))
	}
	at = at[8*n:]
	for i := range ys {
		ys[i] = math.Float64frombits(le.Uint64(at[8*i:]))
	}
	return xs, ys, true
}

// derived reads and makes files of points.
type derived struct {
	s    *Server
	mu   sync.Mutex
	made map[curveName]bool // that were tried since the start
	work sync.WaitGroup     // files being written
}

// points reads the points of a finished run; ok is false where there is no file that fits its record.
func (d *derived) points(key, metric string) (xs []int64, ys []float64, ok bool) {
	path, err := d.s.cfg.Owner.Record(key)
	if err != nil {
		return nil, nil, false
	}
	b, err := os.ReadFile(pointsFile(path, metric))
	if err != nil {
		return nil, nil, false
	}
	p, err := printOf(path)
	if err != nil {
		return nil, nil, false
	}
	return decodePoints(b, p, metric)
}

// keep writes the points of a finished run behind the answer that needed them, once in the life of the server.
func (d *derived) keep(key, metric string, xs []int64, ys []float64) {
	if len(xs) < longSeries {
		return
	}
	name := curveName{key, metric}
	d.s.closing.Lock() // nothing begins while Close waits
	defer d.s.closing.Unlock()
	if d.s.life.Err() != nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.made[name] {
		return
	}
	d.made[name] = true
	d.work.Go(func() {
		if err := d.write(d.s.life, key, metric, xs, ys); err != nil {
			d.s.cfg.Log.Warn("the points of a metric are not kept for the next opening", "key", key, "metric", metric, "error", cause(err))
		}
	})
}

// write keeps the points where they are those of the record: as many, the same last one, of a run that is over.
func (d *derived) write(ctx context.Context, key, metric string, xs []int64, ys []float64) error {
	path, err := d.s.cfg.Owner.Record(key)
	if err != nil || !isFile(path) || d.scarce(int64(16*len(xs))) {
		return err
	}
	var p print
	err = d.s.records.with(key, func(k *kept) error {
		m := k.ending(metric)
		last := len(xs) - 1
		if k.end == nil || k.end.Status != lab.StatusDone || m == nil || m.events != int64(len(xs)) || m.last.X != xs[last] || !sameFloat(float64(m.last.Value), ys[last]) {
			return nil
		}
		var err error
		if p, err = printOf(path); p.length != k.reader.End().Offset {
			p.length = 0
		}
		p.events = k.reader.Len()
		return err
	})
	if err != nil || p.length == 0 || ctx.Err() != nil {
		return err
	}
	at := pointsFile(path, metric)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return err
	}
	body := encodePoints(p, metric, xs, ys)
	return file.ReplaceWith(at, 0o644, func(w io.Writer) error { _, err := w.Write(body); return err })
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func sameFloat(a, b float64) bool { return a == b || a != a && b != b }

// scarce tells whether so many bytes would take from the free space that the settings keep.
func (d *derived) scarce(bytes int64) bool {
	floor := int64(d.s.cfg.Settings.Number(settings.FreeDisk) * 1e9)
	if d.s.cfg.FreeDisk == nil || floor <= 0 {
		return false
	}
	free, err := d.s.cfg.FreeDisk()
	return err == nil && free-bytes < floor
}

// values reads the points of a run for its curve: from the file of a finished run, else from whoever has them.
func (d *derived) values(g gathered, r sched.RunInfo, metric string) (xs []int64, ys []float64) {
	own := d != nil && r.State == sched.Done && g.recorded == ""
	if own {
		if xs, ys, ok := d.points(r.Key, metric); ok {
			return xs, ys
		}
	}
	xs, ys, _ = g.src.Values(metric, r.Arm, r.Case, r.Seed)
	if own {
		d.keep(r.Key, metric, xs, ys)
	}
	return xs, ys
}
