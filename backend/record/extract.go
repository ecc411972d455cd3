package record

import (
	"io"

	"github.com/loci-lab/loci/backend/lab"
)

// Extract writes a new record with the events that edit keeps, each with the payload that edit returns for it and the time it had. They
// are numbered anew, so that what comes out is a whole record again. The payload must be one of the same kind of event.
func (r *Reader) Extract(w io.Writer, edit func(Frame) (payload []byte, keep bool, err error)) error {
	buf := appendHeader(nil)
	var seq int64
	for frame, err := range r.Frames(0) {
		if err != nil {
			return err
		}
		payload, keep, err := edit(frame)
		if err != nil {
			return err
		}
		if !keep {
			continue
		}
		if len(payload) > maxPayload {
			return lab.Errorf(lab.Invalid, "event %d of record %q has %d bytes, want at most %d", frame.Seq, r.path, len(payload), maxPayload)
		}
		buf = appendFrame(buf, codeOf(frame.Kind), seq, frame.Time.UnixMilli(), payload)
		seq++
		if len(buf) < bufferSize {
			continue
		}
		if _, err := w.Write(buf); err != nil {
			return err
		}
		buf = buf[:0]
	}
	_, err := w.Write(buf)
	return err
}
