package web

import (
	"bytes"
	"encoding/json"
	"hash/maphash"
	"math"
	"strconv"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

// point is what the lanes need of one step.
type point struct {
	reward  float64
	tokens  int32 // of the context, -1 where none was kept
	limit   int32
	dropped int32
	reads   uint16
	writes  uint16
	changes uint16
	deletes uint16
	flags   uint8
	saw     uint64 // hashes, for comparing episodes
	action  uint64
	context uint64
}

const (
	pointKept   = 1 << iota // its step is in the record
	pointBroken             // an event of it cannot be read
	pointError              // something went wrong, see skimmer.step
	pointDone
)

// skimmer reads what the lanes need from payloads without decoding them: an episode of 100,000 steps is read within the first second. It
// looks for labels with their quotes and the comma before them; inside a JSON string every quote has a backslash before it, so that a
// label found is a label. What does not look as our encoder writes it is decoded in full.
type skimmer struct {
	seed   maphash.Seed
	above  [][]byte // numbers of a step that say above 0 that its action was not carried out
	below  [][]byte // and those that say so below 1
	denied [][]byte // what worlds say to an action that they refuse
}

func newSkimmer() skimmer {
	return skimmer{
		seed:   maphash.MakeSeed(),
		above:  [][]byte{[]byte(`"error":`), []byte(`"errors":`), []byte(`"refused":`), []byte(`"invalid":`), []byte(`"not understood":`)},
		below:  [][]byte{[]byte(`"valid":`), []byte(`"executed":`)},
		denied: [][]byte{[]byte("othing happens"), []byte(`\nno power`)},
	}
}

// step takes in a step. denial tells that the world refused the action before it. It is an error of a step when a number of it says that
// the action was refused or not understood, or when the world answers so.
func (s skimmer) step(f record.Frame, p *point) (denial bool) {
	saw, body, ok := s.fastStep(f.Payload, p)
	if !ok {
		return s.slowStep(f, p)
	}
	if i := bytes.Index(body, []byte(`,"numbers":{`)); i >= 0 && s.refused(body[i:]) {
		p.flags |= pointError
	}
	return s.denies(saw)
}

func (s skimmer) denies(saw []byte) bool {
	for _, text := range s.denied {
		if bytes.Contains(saw, text) {
			return true
		}
	}
	return false
}

// fastStep reads the fields up to done; body is what stands behind.
func (s skimmer) fastStep(b []byte, p *point) (saw, body []byte, ok bool) {
	saw, b, ok1 := cut(b, `,"saw":`, `,"action":`)
	action, b, ok2 := cut(b, `,"action":`, `,"reward":`)
	reward, b, ok3 := cut(b, `,"reward":`, `,"done":`)
	if !ok1 || !ok2 || !ok3 || saw[0] != '"' || action[0] != '"' || b[len(b)-1] != '}' {
		return nil, nil, false
	}
	r, err := strconv.ParseFloat(string(bytes.Trim(reward, `"`)), 64)
	if err != nil {
		return nil, nil, false
	}
	p.reward, p.flags = r, p.flags|pointKept
	p.saw, p.action = maphash.Bytes(s.seed, saw), maphash.Bytes(s.seed, action)
	b = b[len(`,"done":`):]
	switch {
	case bytes.HasPrefix(b, []byte("true")):
		p.flags |= pointDone
	case !bytes.HasPrefix(b, []byte("false")):
		return nil, nil, false
	}
	return saw, b, true
}

func (s skimmer) slowStep(f record.Frame, p *point) (denial bool) {
	p.flags |= pointKept
	ev, err := f.Event()
	step, ok := ev.(lab.Step)
	if err != nil || !ok {
		p.flags |= pointBroken | pointError
		p.reward = math.NaN()
		return false
	}
	saw := inRecord(step.Saw)
	p.reward, p.saw, p.action = float64(step.Reward), maphash.Bytes(s.seed, saw), maphash.Bytes(s.seed, inRecord(step.Action))
	if step.Done {
		p.flags |= pointDone
	}
	if numbers, err := json.Marshal(step.Numbers); err == nil && s.refused(numbers) {
		p.flags |= pointError
	}
	return s.denies(saw)
}

// inRecord is a text as the record has it.
func inRecord(text string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(text) != nil {
		return nil
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// context takes in what the model saw.
func (s skimmer) context(f record.Frame, p *point) {
	i := bytes.Index(f.Payload, []byte(`,"limit":`))
	if i < 0 {
		p.flags |= pointBroken | pointError
		return
	}
	b := f.Payload[i:]
	p.context = maphash.Bytes(s.seed, b)
	limit, _ := leading(b[len(`,"limit":`):])
	p.limit, p.tokens, p.dropped = clamp32(limit), clamp32(sumOf(b, `,"count":`)+sumOf(b, `{"count":`)), clamp32(sumOf(b, `,"dropped":`))
}

// memory takes in an operation.
func (s skimmer) memory(f record.Frame, p *point) {
	op, _, ok := cut(f.Payload, `"op":`, `,"bank":`)
	if !ok {
		p.flags |= pointBroken | pointError
		return
	}
	count := map[string]*uint16{`"read"`: &p.reads, `"write"`: &p.writes, `"change"`: &p.changes, `"merge"`: &p.changes, `"delete"`: &p.deletes}[string(op)]
	if count != nil && *count < math.MaxUint16 {
		*count++
	}
}

// cut returns what stands between two labels, and the rest from the second label on. Nothing between them is no field.
func cut(b []byte, from, to string) (field, rest []byte, ok bool) {
	i := bytes.Index(b, []byte(from))
	if i < 0 {
		return nil, nil, false
	}
	b = b[i+len(from):]
	j := bytes.Index(b, []byte(to))
	if j <= 0 {
		return nil, nil, false
	}
	return b[:j], b[j:], true
}

// sumOf adds the whole numbers behind every place of a label.
func sumOf(b []byte, label string) (sum int64) {
	for {
		i := bytes.Index(b, []byte(label))
		if i < 0 {
			return sum
		}
		b = b[i+len(label):]
		n, _ := leading(b)
		sum += n
	}
}

// leading reads the whole number at the start of b, 0 where there is none.
func leading(b []byte) (int64, bool) {
	end := 0
	for end < len(b) && (b[end] >= '0' && b[end] <= '9' || end == 0 && b[0] == '-') {
		end++
	}
	n, err := strconv.ParseInt(string(b[:end]), 10, 64)
	return n, err == nil
}

func clamp32(n int64) int32 { return int32(min(max(n, 0), math.MaxInt32)) }

// refused tells whether the numbers of a step, which stand at the start of b, say that its action was not carried out.
func (s skimmer) refused(b []byte) bool {
	if end := bytes.IndexByte(b, '}'); end >= 0 {
		b = b[:end]
	}
	for i, labels := range [][][]byte{s.above, s.below} {
		for _, label := range labels {
			at := bytes.Index(b, label)
			if at < 0 {
				continue
			}
			text := b[at+len(label):]
			if end := bytes.IndexByte(text, ','); end >= 0 {
				text = text[:end]
			}
			v, err := strconv.ParseFloat(string(text), 64)
			if err == nil && (i == 0 && v > 0 || i == 1 && v < 1) {
				return true
			}
		}
	}
	return false
}
