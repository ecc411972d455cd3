package bundle

import (
	"bytes"
	"encoding/json"
	"path"
	"path/filepath"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// Names are what tells who and where: they are left out of shared files unless wanted. The zero value leaves nothing out.
type Names struct {
	Home    string // the person's home folder
	Data    string // Loci's data folder
	User    string
	Machine string // name of the computer
}

// scrub puts "~" in the place of the home folder, "DATA" in that of the data folder, and takes user@machine and the computer's name
// out. The user's name alone stays: it may be any word.
type scrub struct{ pairs [][2][]byte }

func newScrub(n *Names) scrub {
	var s scrub
	if n == nil {
		return s
	}
	add := func(old, now string) {
		if len(strings.Trim(old, `/\`)) < 3 { // "/" and "C:\" stand everywhere
			return
		}
		for _, form := range []string{old, filepath.ToSlash(old), strings.ReplaceAll(old, `\`, `\\`)} {
			s.pairs = append(s.pairs, [2][]byte{[]byte(form), []byte(now)})
		}
	}
	add(n.Data, "DATA")
	add(n.Home, "~")
	if n.User != "" && n.Machine != "" {
		add(n.User+"@"+n.Machine, "user@machine")
	}
	if len(n.Machine) >= 5 && n.Machine != "localhost" {
		add(n.Machine, "machine")
	}
	return s
}

// text returns the text without names; the same slice where there are none.
func (s scrub) text(b []byte) []byte {
	for _, p := range s.pairs {
		if bytes.Contains(b, p[0]) {
			b = bytes.ReplaceAll(b, p[0], p[1])
		}
	}
	return b
}

// payload is text for an event; of the first one the notebook's folder is cut off, too, since it may lie anywhere.
func (s scrub) payload(kind lab.Kind, b []byte) ([]byte, error) {
	if s.pairs == nil {
		return b, nil
	}
	if kind == lab.KindStart {
		ev, err := lab.DecodeEvent(kind, b)
		if err != nil {
			return nil, err
		}
		start, ok := ev.(lab.Start)
		if !ok {
			return nil, lab.Errorf(lab.Internal, "event of kind %q is a %T", kind, ev)
		}
		start.Notebook = path.Base(filepath.ToSlash(start.Notebook))
		var out bytes.Buffer
		enc := json.NewEncoder(&out)
		enc.SetEscapeHTML(false) // as the record writes it
		if err := enc.Encode(start); err != nil {
			return nil, lab.Errorf(lab.Internal, "first event of a run cannot be written: %w", err)
		}
		b = bytes.TrimSuffix(out.Bytes(), []byte("\n"))
	}
	return s.text(b), nil
}
