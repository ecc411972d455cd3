package web

import (
	"bytes"
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

const (
	aroundHit = 60  // bytes of text on either side of a match
	mostFound = 500 // matches of one answer
	longQuery = 200 // bytes
)

// searchEpisode looks for a text in what the steps of an episode saw, did and were given, upper and lower case alike. It reads the file by itself,
// so that nobody waits for it, and decodes only what holds the text.
func searchEpisode(ctx context.Context, path string, place record.Range, at record.Position, query string, from, limit int) (InspectFound, error) {
	found := InspectFound{Hits: []InspectMatch{}}
	needle := lower(bytes.Trim(inRecord(query), `"`))
	have := map[int]bool{}
	var low []byte
	for f, err := range record.Scan(path, at) {
		if err != nil || f.Seq > place.Last {
			break // damage ends what can be searched and is told with the episode
		}
		if f.Seq%1024 == 0 && ctx.Err() != nil {
			return found, lab.Errorf(lab.Cancelled, "the search was cancelled")
		}
		id, t, ok := f.EpisodeOf()
		if !ok || id != place.ID || (f.Kind != lab.KindStep && f.Kind != lab.KindContext) {
			continue
		}
		if f.Kind == lab.KindStep {
			found.Steps++
		}
		low = appendLower(low[:0], f.Payload)
		if have[t] || !bytes.Contains(low, needle) {
			continue
		}
		m, ok := matchIn(f, query)
		if !ok {
			continue
		}
		m.T, have[t] = t, true
		found.Total++
		switch {
		case t < from:
		case len(found.Hits) >= limit:
			found.More = true
		default:
			found.Hits = append(found.Hits, m)
		}
	}
	return found, nil
}

// lower makes letters small: all of them where the text has others than those of ASCII.
func lower(b []byte) []byte { return appendLower(nil, b) }

func appendLower(to, b []byte) []byte {
	for i, c := range b {
		if c >= utf8.RuneSelf {
			return append(to[:len(to)-i], bytes.ToLower(b)...)
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		to = append(to, c)
	}
	return to
}

// matchIn finds the text in an event, in the order in which a person reads it.
func matchIn(f record.Frame, query string) (InspectMatch, bool) {
	ev, err := f.Event()
	if err != nil {
		return InspectMatch{}, false
	}
	switch ev := ev.(type) {
	case lab.Step:
		for _, part := range [][2]string{{"saw", ev.Saw}, {"action", ev.Action}} {
			if m, ok := excerpt(part[0], part[1], query); ok {
				return m, true
			}
		}
	case lab.Context:
		for _, b := range ev.Blocks {
			if m, ok := excerpt(b.Name, b.Text, query); ok {
				return m, true
			}
		}
	}
	return InspectMatch{}, false
}

// excerpt cuts a text round the first place of the query.
func excerpt(where, text, query string) (InspectMatch, bool) {
	low := strings.ToLower(text)
	i := strings.Index(low, strings.ToLower(query))
	if i < 0 {
		return InspectMatch{}, false
	}
	end := i + len(strings.ToLower(query))
	if len(low) != len(text) { // a letter whose small form is longer or shorter moves all places behind it
		i, end = runePlace(text, low, i), runePlace(text, low, end)
	}
	from, to := max(0, i-aroundHit), min(len(text), end+aroundHit)
	m := InspectMatch{Where: where, Before: strings.ToValidUTF8(text[from:i], ""), Hit: text[i:end], After: strings.ToValidUTF8(text[end:to], "")}
	if from > 0 {
		m.Before = "… " + m.Before
	}
	if to < len(text) {
		m.After += " …"
	}
	return m, true
}

// runePlace is the place in text of a place in its small form.
func runePlace(text, low string, at int) int {
	n := utf8.RuneCountInString(low[:at])
	for i := range text {
		if n == 0 {
			return i
		}
		n--
	}
	return len(text)
}

// plainQuery refuses what cannot be looked for.
func plainQuery(text string) (string, error) {
	text = strings.TrimFunc(text, unicode.IsSpace)
	if text == "" || len(text) > longQuery {
		return "", lab.Errorf(lab.Invalid, "search text is %q, want 1 to %d bytes", begun(text), longQuery)
	}
	return text, nil
}
