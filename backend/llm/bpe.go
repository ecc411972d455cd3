package llm

import (
	"container/heap"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/loci-lab/loci/backend/lab"
)

// BPE is a byte-pair tokenizer of a real model: text is cut into pieces by patterns, the bytes of a piece are joined pair by pair, the
// earliest learned pair first (arXiv 1508.07909v5, sec. 3.2, over bytes). It gives the ids that the tokenizers library gives without
// special tokens of its own; a special token written out in the text becomes its id. Letters that Unicode took up after version 15 may be
// cut otherwise: what is a letter is known to the patterns from Go's tables.
type BPE struct {
	texts    []string         // [V] bytes of each token, "" where an id has none
	ids      map[string]int32 // by bytes, of the vocabulary without added tokens
	bytes    [256]int32       // the tokens of single bytes
	merges   map[pair]merge
	whole    bool // a piece that is a token is never cut (ignore_merges)
	nfc      bool // texts are brought to Unicode's composed form first
	patterns []splitter
	raw      markers // found before the composed form is taken
	composed markers // found after it
	end      int32
	stored   map[string][]byte // the files that it was read from
}

// pair is two tokens side by side, merge what becomes of them; lower ranks were learned earlier and go first.
type pair struct{ left, right int32 }
type merge struct{ rank, id int32 }

// markers are the tokens that are found in a text before it is cut, by first byte, longest first.
type markers [256][]marker
type marker struct {
	text string
	id   int32
}

// at returns the marker that begins the text.
func (m *markers) at(text string) (marker, bool) {
	for _, k := range m[text[0]] {
		if strings.HasPrefix(text, k.text) {
			return k, true
		}
	}
	return marker{}, false
}

// split calls piece for the text between markers and token for the markers, in order.
func (m *markers) split(text string, piece func(string) error, token func(int32)) error {
	from := 0
	for i := 0; i < len(text); {
		k, ok := m.at(text[i:])
		if !ok {
			i++
			continue
		}
		if from < i {
			if err := piece(text[from:i]); err != nil {
				return err
			}
		}
		token(k.id)
		i += len(k.text)
		from = i
	}
	if from == len(text) {
		return nil
	}
	return piece(text[from:])
}

// Encode returns the ids of a text. A text that is no valid UTF-8 is an error of code invalid.
func (t *BPE) Encode(text string) ([]int32, error) {
	if !utf8.ValidString(text) {
		return nil, lab.Errorf(lab.Invalid, "tokenizer: the text %s is not valid UTF-8", quote(text))
	}
	ids := make([]int32, 0, len(text)/3+1)
	token := func(id int32) { ids = append(ids, id) }
	words := func(part string) error {
		pieces, err := t.cut(part)
		for _, piece := range pieces {
			ids = t.join(ids, piece)
		}
		return err
	}
	err := t.raw.split(text, func(part string) error {
		if t.nfc {
			part = norm.NFC.String(part)
		}
		return t.composed.split(part, words, token)
	}, token)
	return ids, err
}

// cut applies all patterns, each to the pieces of the one before.
func (t *BPE) cut(text string) ([]string, error) {
	pieces := []string{text}
	for _, p := range t.patterns {
		var finer []string
		for _, piece := range pieces {
			var err error
			if finer, err = p.split(finer, piece); err != nil {
				return nil, err
			}
		}
		pieces = finer
	}
	return pieces, nil
}

// symbol is a token of a piece while pairs are joined; symbols are a list, because joins take some out.
type symbol struct {
	id           int32
	before, next int // -1 at the ends
	gone         bool
}

// candidate is a pair that may be joined: the symbol at left and its next. It is stale when either has changed since.
type candidate struct {
	merge
	pair
	at int
}

// candidates is a heap: the lowest rank first, of equal ones the leftmost.
type candidates []candidate

func (c candidates) Len() int { return len(c) }
func (c candidates) Less(i, j int) bool {
	return c[i].rank < c[j].rank || c[i].rank == c[j].rank && c[i].at < c[j].at
}
func (c candidates) Swap(i, j int) { c[i], c[j] = c[j], c[i] }
func (c *candidates) Push(x any)   { *c = append(*c, x.(candidate)) }
func (c *candidates) Pop() any {
	last := len(*c) - 1
	x := (*c)[last]
	*c = (*c)[:last]
	return x
}

// join appends the tokens of a piece. A heap keeps pieces without end, such as a line of one letter, from taking quadratic time.
func (t *BPE) join(ids []int32, piece string) []int32 {
	if id, ok := t.ids[piece]; ok && (t.whole || len(piece) == 1) {
		return append(ids, id)
	}
	symbols := make([]symbol, len(piece))
	for i := range symbols {
		symbols[i] = symbol{id: t.bytes[piece[i]], before: i - 1, next: i + 1}
	}
	symbols[len(symbols)-1].next = -1
	var queue candidates
	for i := range symbols[:len(symbols)-1] {
		if c, ok := t.candidate(symbols, i); ok {
			queue = append(queue, c)
		}
	}
	heap.Init(&queue)
	for len(queue) > 0 {
		t.joinOne(symbols, &queue)
	}
	for _, s := range symbols {
		if !s.gone {
			ids = append(ids, s.id)
		}
	}
	return ids
}

// joinOne takes the first candidate and joins its pair where that still stands.
func (t *BPE) joinOne(symbols []symbol, queue *candidates) {
	c := heap.Pop(queue).(candidate)
	left := &symbols[c.at]
	if left.gone || left.id != c.left || left.next < 0 || symbols[left.next].id != c.right {
		return
	}
	right := &symbols[left.next]
	right.gone = true
	left.id, left.next = c.id, right.next
	if left.next >= 0 {
		symbols[left.next].before = c.at
	}
	for _, at := range []int{left.before, c.at} {
		if c, ok := t.candidate(symbols, at); ok {
			heap.Push(queue, c)
		}
	}
}

func (t *BPE) candidate(symbols []symbol, at int) (candidate, bool) {
	if at < 0 || symbols[at].next < 0 {
		return candidate{}, false
	}
	p := pair{symbols[at].id, symbols[symbols[at].next].id}
	m, ok := t.merges[p]
	return candidate{m, p, at}, ok
}

// Decode joins the bytes of tokens. Bytes that are no UTF-8, such as a sign cut in two, become U+FFFD, one for each run that could
// have begun a sign.
func (t *BPE) Decode(ids []int32) (string, error) {
	var b strings.Builder
	for i, id := range ids {
		if id < 0 || int(id) >= len(t.texts) {
			return "", badID(i, id, len(t.texts))
		}
		b.WriteString(t.texts[id])
	}
	return mended(b.String()), nil
}

// mended replaces what is no UTF-8 (The Unicode Standard 16.0, sec. 3.9, "U+FFFD Substitution of Maximal Subparts").
func mended(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		r, n := utf8.DecodeRuneInString(text)
		if r == utf8.RuneError && n == 1 {
			for n < len(text) && !utf8.FullRuneInString(text[:n+1]) {
				n++
			}
		}
		b.WriteRune(r)
		text = text[n:]
	}
	return b.String()
}

// Size is one more than the highest id.
func (t *BPE) Size() int { return len(t.texts) }

// End is the id that ends a text or a turn as the model's folder says, -1 where it says nothing.
func (t *BPE) End() int32 { return t.end }

func (t *BPE) files() (map[string][]byte, error) {
	files := make(map[string][]byte, len(t.stored))
	for name, src := range t.stored {
		files[name] = src
	}
	return files, nil
}
