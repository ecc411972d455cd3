package llm

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/dlclark/regexp2/v2"

	"github.com/loci-lab/loci/backend/lab"
)

// idLimit bounds ids, so that a wrong one does not take the memory; the largest vocabularies have a quarter of it.
const idLimit = 1 << 20

// gpt2Pattern is what the tokenizers library cuts texts with when its byte-level part is asked to.
const gpt2Pattern = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`

// patternTime bounds the time of one search: a pattern of a damaged file must not hang the program.
const patternTime = 10 * time.Second

// splitter cuts texts into matches of a pattern and what lies between them. The patterns look ahead, which Go's regexp does not.
type splitter struct{ pattern *regexp2.Regexp }

func newSplitter(pattern string) (splitter, error) {
	re, err := regexp2.Compile(pattern)
	if err != nil {
		return splitter{}, bpeFault("pattern %s: %w", quote(pattern), err)
	}
	re.MatchTimeout = patternTime
	return splitter{re}, nil
}

// split appends the pieces of a text.
func (s splitter) split(pieces []string, text string) ([]string, error) {
	letters, from := []rune(text), 0
	matches, err := s.pattern.FindAllRunesIndex(letters, -1)
	if err != nil {
		return nil, lab.Errorf(lab.Budget, "tokenizer: a text of %d letters is not cut within %v: %w", len(letters), patternTime, err).
			WithHint("shorten the text")
	}
	for _, m := range matches {
		if from < m[0] {
			pieces = append(pieces, string(letters[from:m[0]]))
		}
		if m[0] < m[1] {
			pieces = append(pieces, string(letters[m[0]:m[1]]))
		}
		from = m[1]
	}
	if from < len(letters) {
		pieces = append(pieces, string(letters[from:]))
	}
	return pieces, nil
}

// bpeModel is the model of a byte-pair tokenizer.
type bpeModel struct {
	Vocab        map[string]int32 `json:"vocab"`
	Merges       []joined         `json:"merges"`
	IgnoreMerges bool             `json:"ignore_merges"`
	ByteFallback bool             `json:"byte_fallback"`
	Dropout      *float64         `json:"dropout"`
	Prefix       *string          `json:"continuing_subword_prefix"`
	Suffix       *string          `json:"end_of_word_suffix"`
}

// joined is two tokens, written as a list or with a blank between them.
type joined [2]string

// UnmarshalJSON takes both.
func (j *joined) UnmarshalJSON(src []byte) error {
	var one string
	if json.Unmarshal(src, &one) != nil {
		return json.Unmarshal(src, (*[2]string)(j))
	}
	left, right, ok := strings.Cut(one, " ")
	if !ok || strings.Contains(right, " ") {
		return errors.New("merge " + quote(one) + " is not two tokens with a blank between")
	}
	*j = joined{left, right}
	return nil
}

func bpeFault(what string, args ...any) error {
	return lab.Errorf(lab.Invalid, tokenizerFile+": "+what, args...).
		WithHint("take a model with a byte-level byte-pair tokenizer, such as those of the Llama 3 and Qwen3 families")
}

// parseBPE reads a byte-level tokenizer; parts that would give other ids than ours are errors.
func parseBPE(f *tokenizerJSON, src []byte) (*BPE, error) {
	var m bpeModel
	if err := json.Unmarshal(f.Model, &m); err != nil {
		return nil, bpeFault("%w", err)
	}
	switch {
	case m.Dropout != nil && *m.Dropout != 0:
		return nil, bpeFault("dropout is %v, want none", *m.Dropout)
	case m.Prefix != nil && *m.Prefix != "" || m.Suffix != nil && *m.Suffix != "":
		return nil, bpeFault("tokens are marked inside or at the end of words, want byte-level tokens without marks")
	case m.ByteFallback:
		return nil, bpeFault("byte_fallback is true, want byte-level tokens, which need none")
	case kindOf(f.Decoder) != "ByteLevel":
		return nil, bpeFault("the decoder's type is %s, want \"ByteLevel\"", quote(kindOf(f.Decoder)))
	}
	t := &BPE{ids: make(map[string]int32, len(m.Vocab)), merges: make(map[pair]merge, len(m.Merges)), whole: m.IgnoreMerges, end: -1,
		stored: map[string][]byte{tokenizerFile: src}}
	var err error
	if t.nfc, err = parseNormalizer(f.Normalizer); err != nil {
		return nil, err
	}
	if t.patterns, err = parseCuts(f.PreTokenizer); err != nil {
		return nil, err
	}
	if err := t.addVocab(m.Vocab, f.Added); err != nil {
		return nil, err
	}
	return t, t.addMerges(m.Merges)
}

// parseNormalizer tells whether texts are composed (NFC); other changes of texts are refused.
func parseNormalizer(part json.RawMessage) (nfc bool, err error) {
	var seq struct {
		Parts []json.RawMessage `json:"normalizers"`
	}
	switch kind := kindOf(part); {
	case sameJSON(part, "null"):
		return false, nil
	case kind == "NFC":
		return true, nil
	case kind != "Sequence" || json.Unmarshal(part, &seq) != nil:
		return false, bpeFault("the normalizer's type is %s, want \"NFC\" or none", quote(kind))
	}
	for _, one := range seq.Parts {
		if kindOf(one) != "NFC" {
			return false, bpeFault("a normalizer's type is %s, want \"NFC\"", quote(kindOf(one)))
		}
	}
	return len(seq.Parts) > 0, nil
}

// cutPart is one step of cutting texts.
type cutPart struct {
	Type     string    `json:"type"`
	Parts    []cutPart `json:"pretokenizers"`
	Behavior string    `json:"behavior"`
	Invert   bool      `json:"invert"`
	Pattern  struct {
		Regex string `json:"Regex"`
	} `json:"pattern"`
	Prefix bool  `json:"add_prefix_space"`
	Regex  *bool `json:"use_regex"` // true where it is left out
}

// parseCuts returns the patterns that a text is cut with. The byte-level part comes last: what would follow sees bytes, not text.
func parseCuts(src json.RawMessage) ([]splitter, error) {
	var top cutPart
	if err := json.Unmarshal(src, &top); err != nil {
		return nil, bpeFault("pre_tokenizer: %w", err)
	}
	parts := []cutPart{top}
	if top.Type == "Sequence" {
		parts = top.Parts
	}
	var cuts []splitter
	for i, p := range parts {
		last := i == len(parts)-1
		pattern := ""
		switch {
		case p.Type == "Split" && p.Behavior == "Isolated" && !p.Invert && p.Pattern.Regex != "" && !last:
			pattern = p.Pattern.Regex
		case p.Type == "ByteLevel" && last && !p.Prefix:
			if p.Regex == nil || *p.Regex {
				pattern = gpt2Pattern
			}
		default:
			return nil, bpeFault("step %d of the pre_tokenizer is %s with behavior %s, want steps \"Split\" by a Regex with behavior \"Isolated\", and at last one \"ByteLevel\" without add_prefix_space",
				i+1, quote(p.Type), quote(p.Behavior))
		}
		if pattern == "" {
			continue
		}
		cut, err := newSplitter(pattern)
		if err != nil {
			return nil, err
		}
		cuts = append(cuts, cut)
	}
	if len(parts) == 0 {
		return nil, bpeFault("the pre_tokenizer has no step, want at least \"ByteLevel\"")
	}
	return cuts, nil
}

// addVocab fills texts, ids, bytes and markers.
func (t *BPE) addVocab(vocab map[string]int32, added []addedToken) error {
	letters := byteLetters()
	names := make(map[int32]string, len(vocab)+len(added))
	for name, id := range vocab {
		if err := t.addToken(names, name, id, letters); err != nil {
			return err
		}
		if text, ok := bytesOf(name, letters); ok {
			t.ids[text] = id
		}
	}
	for b, letter := range byteNames(letters) {
		id, ok := vocab[letter]
		if !ok {
			return bpeFault("the vocabulary has no token for the byte %#02x, want one for each", b)
		}
		t.bytes[b] = id
	}
	for _, a := range added {
		if a.SingleWord || a.LStrip || a.RStrip {
			return bpeFault("token %s has single_word, lstrip or rstrip, want none of them", quote(a.Content))
		}
		if a.Content == "" {
			continue
		}
		if err := t.addToken(names, a.Content, a.ID, letters); err != nil {
			return err
		}
		set := &t.raw
		if a.Normalized {
			set = &t.composed
		}
		first := &set[a.Content[0]]
		*first = append(*first, marker{a.Content, a.ID})
		slices.SortStableFunc(*first, func(a, b marker) int { return len(b.text) - len(a.text) })
	}
	return nil
}

// addToken gives an id its bytes. Names with letters that stand for no byte are kept as they are. An added token such as "é", whose
// letters all stand for bytes, comes back as those bytes and not as itself: so it does in the library.
func (t *BPE) addToken(names map[int32]string, name string, id int32, letters map[rune]byte) error {
	if id < 0 || id >= idLimit {
		return bpeFault("token %s has id %d, want 0 to %d", quote(name), id, idLimit-1)
	}
	if before, twice := names[id]; twice && before != name {
		return bpeFault("tokens %s and %s have the same id %d", quote(before), quote(name), id)
	}
	names[id] = name
	for int(id) >= len(t.texts) {
		t.texts = append(t.texts, "")
	}
	t.texts[id], _ = bytesOf(name, letters)
	return nil
}

// bytesOf turns the letters of a token's name into the bytes that they stand for.
func bytesOf(name string, letters map[rune]byte) (text string, ok bool) {
	b := make([]byte, 0, len(name))
	for _, r := range name {
		v, ok := letters[r]
		if !ok {
			return name, false
		}
		b = append(b, v)
	}
	return string(b), true
}

// byteLetters maps the 256 letters that stand for bytes in names of tokens: visible Latin-1 letters for themselves, U+0100 and up for
// the other bytes in their order (GPT-2's table).
func byteLetters() map[rune]byte {
	letters, next := make(map[rune]byte, 256), rune(0x100)
	for b := range 256 {
		r := rune(b)
		visible := r >= '!' && r <= '~' || r >= 0xa1 && r <= 0xac || r >= 0xae
		if !visible {
			r, next = next, next+1
		}
		letters[r] = byte(b)
	}
	return letters
}

// byteNames is the table the other way round.
func byteNames(letters map[rune]byte) (names [256]string) {
	for r, b := range letters {
		names[b] = string(r)
	}
	return names
}

// addMerges fills merges.
func (t *BPE) addMerges(merges []joined) error {
	letters := byteLetters()
	for rank, m := range merges {
		left, ok1 := bytesOf(m[0], letters)
		right, ok2 := bytesOf(m[1], letters)
		a, ok3 := t.ids[left]
		b, ok4 := t.ids[right]
		id, ok5 := t.ids[left+right]
		if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 {
			return bpeFault("merge %d joins %s and %s, which are no tokens, or make none", rank, quote(m[0]), quote(m[1]))
		}
		t.merges[pair{a, b}] = merge{int32(rank), id}
	}
	return nil
}

// setEnd takes the end from tokenizer_config.json, which names the token that ends a turn of a chat model, else the first of the ids
// that config.json gives.
func (t *BPE) setEnd(ends []int32) error {
	var c struct {
		End json.RawMessage `json:"eos_token"`
	}
	if src, ok := t.stored[tokenizerConfig]; ok {
		if err := json.Unmarshal(src, &c); err != nil {
			return lab.Errorf(lab.Invalid, "%s: %w", tokenizerConfig, err).WithHint("copy the model folder again; the file must be JSON")
		}
	}
	var name string
	var token addedToken
	if json.Unmarshal(c.End, &name) != nil && json.Unmarshal(c.End, &token) == nil {
		name = token.Content
	}
	if name != "" {
		for _, set := range []*markers{&t.raw, &t.composed} {
			for _, k := range set[name[0]] {
				if k.text == name {
					t.end = k.id
					return nil
				}
			}
		}
	}
	if len(ends) > 0 && int(ends[0]) < len(t.texts) {
		t.end = ends[0]
	}
	return nil
}
