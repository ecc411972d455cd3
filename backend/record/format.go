// Package record keeps the events of a run in one append-only file. Most callers want Create or Resume for a Writer, and Open for a
// Reader.
//
// A record begins with 16 bytes: the magic "lociREC\n", the version of the format, and a CRC-32C of both. Frames follow, without gap:
//
//	length of the payload   uint32
//	sequence number         uint64, from 0 without gap
//	wall time               int64, UTC, milliseconds since 1970
//	kind                    uint8
//	payload                 JSON of the event, the same bytes for the same event
//	checksum                uint32, CRC-32C of everything before it in the frame
//
// All numbers are little-endian. The time stands outside the payload, so that two records can be compared but for times. A frame that
// was written whole is never changed or cut; the next writer cuts what a power cut left after the last whole frame.
package record

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

// Version of the format that this build writes. It reads no other.
const Version = 1

const (
	magic      = "lociREC\n"
	headerSize = 16
	prefixSize = 4 + 8 + 8 + 1
	frameExtra = prefixSize + 4   // bytes of a frame beside its payload
	maxPayload = 256 << 20        // bytes; larger lengths are damage
	maxSeq     = int64(1)<<62 - 1 // larger numbers are damage
)

// castagnoli is the polynomial that processors compute in hardware.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Frame is one event as it stands in the file.
type Frame struct {
	Seq     int64
	Kind    lab.Kind
	Time    time.Time // UTC, whole milliseconds
	Payload []byte    // JSON; valid until the iteration goes on
	At      Position  // of this frame
	Next    Position  // of the frame behind it
}

// Position is a border between two frames. The zero Position is the first frame.
type Position struct {
	Offset int64 // bytes from the start of the file; 0 means behind the header
	Seq    int64 // sequence number of the frame that begins here
}

// Event decodes the payload.
func (f Frame) Event() (lab.Event, error) {
	ev, err := lab.DecodeEvent(f.Kind, f.Payload)
	if err != nil {
		return nil, lab.Errorf(lab.Invalid, "event %d of the record: %w", f.Seq, err)
	}
	return ev, nil
}

// codeOf gives the number of a kind in the file, 0 for an unknown kind. Numbers are part of the format: never change one.
func codeOf(kind lab.Kind) byte {
	switch kind {
	case lab.KindStart:
		return 1
	case lab.KindMetric:
		return 2
	case lab.KindEpisode:
		return 3
	case lab.KindStep:
		return 4
	case lab.KindContext:
		return 5
	case lab.KindMemory:
		return 6
	case lab.KindProgress:
		return 7
	case lab.KindLog:
		return 8
	case lab.KindCheckpoint:
		return 9
	case lab.KindEnd:
		return 10
	}
	return 0
}

// kindOf is the inverse of codeOf, "" for an unknown number.
func kindOf(code byte) lab.Kind {
	switch code {
	case 1:
		return lab.KindStart
	case 2:
		return lab.KindMetric
	case 3:
		return lab.KindEpisode
	case 4:
		return lab.KindStep
	case 5:
		return lab.KindContext
	case 6:
		return lab.KindMemory
	case 7:
		return lab.KindProgress
	case 8:
		return lab.KindLog
	case 9:
		return lab.KindCheckpoint
	case 10:
		return lab.KindEnd
	}
	return ""
}

func appendHeader(b []byte) []byte {
	start := len(b)
	b = append(b, magic...)
	b = binary.LittleEndian.AppendUint32(b, Version)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[start:], castagnoli))
}

// appendFrame appends one frame to b.
func appendFrame(b []byte, code byte, seq, unixMS int64, payload []byte) []byte {
	start := len(b)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(payload)))
	b = binary.LittleEndian.AppendUint64(b, uint64(seq))
	b = binary.LittleEndian.AppendUint64(b, uint64(unixMS))
	b = append(b, code)
	b = append(b, payload...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[start:], castagnoli))
}

// prefix is the part of a frame before its payload.
type prefix struct {
	length int64
	seq    int64
	unixMS int64
	kind   lab.Kind
}

// parsePrefix reads the first prefixSize bytes of a frame; ok is false when no frame can begin so.
func parsePrefix(b []byte) (p prefix, ok bool) {
	p = prefix{
		length: int64(binary.LittleEndian.Uint32(b)),
		seq:    int64(binary.LittleEndian.Uint64(b[4:])),
		unixMS: int64(binary.LittleEndian.Uint64(b[12:])),
		kind:   kindOf(b[20]),
	}
	return p, p.length <= maxPayload && p.seq >= 0 && p.seq <= maxSeq && p.kind != ""
}

// checksumHolds tells whether frame, whole with its checksum, is as it was written.
func checksumHolds(frame []byte) bool {
	body := frame[:len(frame)-4]
	return crc32.Checksum(body, castagnoli) == binary.LittleEndian.Uint32(frame[len(frame)-4:])
}

// encoder makes payloads: the same event gives the same bytes. It keeps its buffer from event to event.
type encoder struct {
	buf bytes.Buffer
	enc *json.Encoder
}

func newEncoder() *encoder {
	e := &encoder{}
	e.enc = json.NewEncoder(&e.buf)
	e.enc.SetEscapeHTML(false) // the payload is no web page, and "<" is common in what an agent saw
	return e
}

// encode returns the payload of ev, valid until the next call.
func (e *encoder) encode(ev lab.Event) (code byte, payload []byte, err error) {
	code = codeOf(ev.Kind())
	if code == 0 {
		return 0, nil, lab.Errorf(lab.Internal, "event kind %q has no number in the record, want one of %v", ev.Kind(), lab.Kinds())
	}
	e.buf.Reset()
	if err := e.enc.Encode(ev); err != nil {
		return 0, nil, lab.Errorf(lab.Internal, "event of kind %q cannot be written as JSON: %w", ev.Kind(), err)
	}
	payload = bytes.TrimSuffix(e.buf.Bytes(), []byte("\n"))
	if len(payload) > maxPayload {
		return 0, nil, lab.Errorf(lab.Invalid, "event of kind %q has %d bytes, want at most %d", ev.Kind(), len(payload), maxPayload).
			WithHint("keep less in one event")
	}
	return code, payload, nil
}
