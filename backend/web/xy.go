package web

import (
	"encoding/json"
	"math"
	"strconv"

	"github.com/loci-lab/loci/backend/lab"
)

// MarshalJSON writes the shortest forms that read back to the same bits.
func (p XY) MarshalJSON() ([]byte, error) {
	out := make([]byte, 0, 12*len(p)+2)
	out = append(out, '[')
	for i, v := range p {
		if i > 0 {
			out = append(out, ',')
		}
		switch {
		case math.IsNaN(v):
			out = append(out, `"NaN"`...)
		case math.IsInf(v, 1):
			out = append(out, `"+Infinity"`...) // as JavaScript reads it
		case math.IsInf(v, -1):
			out = append(out, `"-Infinity"`...)
		default:
			out = strconv.AppendFloat(out, v, 'g', -1, 64)
		}
	}
	return append(out, ']'), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (p *XY) UnmarshalJSON(raw []byte) error {
	var values []json.RawMessage
	if err := json.Unmarshal(raw, &values); err != nil {
		return lab.Errorf(lab.Invalid, "points cannot be read: %w", err)
	}
	*p = make(XY, len(values))
	for i, v := range values {
		text := string(v)
		if s, err := strconv.Unquote(text); err == nil {
			text = s
		}
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return lab.Errorf(lab.Invalid, "point %s is no number", v)
		}
		(*p)[i] = f
	}
	return nil
}
