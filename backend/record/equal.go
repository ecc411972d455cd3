package record

import (
	"bytes"
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
)

// Difference is the first place where two records differ. Kind is "" where a record has no event of that number.
type Difference struct {
	Seq          int64
	KindA, KindB lab.Kind
	HeadA, HeadB string // the payloads round their first difference
}

func (d Difference) String() string {
	return fmt.Sprintf("event %d: %s | %s", d.Seq, side(d.KindA, d.HeadA), side(d.KindB, d.HeadB))
}

func side(kind lab.Kind, head string) string {
	if kind == "" {
		return "nothing"
	}
	return string(kind) + " " + head
}

// Equal compares two records but for times: numbers, kinds and payloads, byte for byte. It returns nil when they are equal. A torn
// tail counts as nothing; damage is an error.
func Equal(a, b string) (*Difference, error) {
	sa, err := openScan(a, Position{})
	if err != nil {
		return nil, err
	}
	defer sa.f.Close()
	sb, err := openScan(b, Position{})
	if err != nil {
		return nil, err
	}
	defer sb.f.Close()
	for {
		fa, err := sa.frame()
		if err != nil {
			return nil, err
		}
		fb, err := sb.frame()
		if err != nil {
			return nil, err
		}
		if fa.Kind != fb.Kind || !bytes.Equal(fa.Payload, fb.Payload) {
			ha, hb := heads(fa.Payload, fb.Payload)
			return &Difference{Seq: fa.Seq, KindA: fa.Kind, KindB: fb.Kind, HeadA: ha, HeadB: hb}, nil
		}
		if fa.Kind == "" {
			return nil, nil
		}
	}
}

// heads shortens two payloads for a message so that their first difference shows.
func heads(a, b []byte) (string, string) {
	first := 0
	for first < min(len(a), len(b)) && a[first] == b[first] {
		first++
	}
	from := max(0, first-60)
	return part(a, from), part(b, from)
}

func part(payload []byte, from int) string {
	const most = 160
	end := min(len(payload), from+most)
	text := string(payload[min(from, end):end])
	if from > 0 {
		text = "..." + text
	}
	if end < len(payload) {
		text += fmt.Sprintf("... (%d bytes)", len(payload))
	}
	return text
}
