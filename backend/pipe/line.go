package pipe

import (
	"bufio"
	"errors"
	"io"
)

// line is one line that the process wrote, without its end, or why there is none.
type line struct {
	text []byte
	err  error
}

var (
	errTooLong = errors.New("line too long")
	errTorn    = errors.New("the output ended in the middle of a line")
)

// readLine reads up to the next line end and returns what stands before it; limit is the most bytes of that. It keeps no more than limit
// bytes and one buffer. Errors: io.EOF where nothing is left, errTorn for bytes without a line end, errTooLong, or the reader's own.
func readLine(r *bufio.Reader, limit int) ([]byte, error) {
	var text []byte
	for {
		part, err := r.ReadSlice('\n')
		end := len(part)
		if err == nil {
			end--
		}
		if len(text)+end > limit {
			return nil, errTooLong
		}
		text = append(text, part[:end]...)
		switch {
		case err == nil:
			return text, nil
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(text) > 0:
			return nil, errTorn
		}
		return nil, err
	}
}
