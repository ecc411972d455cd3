package mem

import (
	"cmp"
	"math"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
)

// BM25Knobs are the two numbers of the formula.
type BM25Knobs struct {
	K1 float64 // how slowly a word's repetitions stop to count, at least 0
	B  float64 // how much long texts are held back, in [0,1]
}

// DefaultBM25 has the values that are in the middle of what works in general: Robertson and Zaragoza, "The Probabilistic Relevance
// Framework: BM25 and Beyond" (doi 10.1561/1500000019), sec. 3.2, name 1.2 < k1 < 2 and 0.5 < b < 0.8; the search engine Lucene takes
// 1.2 and 0.75.
func DefaultBM25() BM25Knobs { return BM25Knobs{K1: 1.2, B: 0.75} }

// Validate returns an error of code invalid that names the knob that is out of its range.
func (k BM25Knobs) Validate() error {
	if !(k.K1 >= 0) || math.IsInf(k.K1, 1) {
		return lab.Errorf(lab.Invalid, "k1 of BM25 is %v, want 0 or more", k.K1).WithHint("set it to 1.2")
	}
	if !(k.B >= 0 && k.B <= 1) {
		return lab.Errorf(lab.Invalid, "b of BM25 is %v, want 0 to 1", k.B).WithHint("set it to 0.75")
	}
	return nil
}

// BM25 is a search among texts by the words that they share with a query. It may change at any time: what it finds depends on the texts
// and their ids alone, as if it had been built anew.
//
// Eq. 3.15 of doi 10.1561/1500000019, with the idf of Lucene, which is never negative:
//
//	score(q, d) = sum over the words w of q of idf(w) tf / (tf + k1 (1 - b + b len(d)/avg))
//	idf(w) = ln(1 + (M - n(w) + 0.5) / (n(w) + 0.5))
//
// tf: times that w occurs in d; len: words of d, avg: mean len; M: texts; n(w): texts with w. A word that a query repeats counts as often.
// The factor k1 + 1 of some versions is left out: it changes no order. Words are those of Words.
type BM25 struct {
	knobs BM25Knobs
	terms map[string]int // number of a word in posts
	posts []posting
	docs  []doc
	at    map[string]int // place of an id in docs
	words int            // of all texts
	sums  []float64      // [docs] of the search under way, zero between two
	ids   []int32        // scratch: words of the text that is written
}

// posting lists where a word occurs. Documents that were deleted stay in it until there are more of them than others.
type posting struct {
	in    []occurrence // by place in docs, ascending
	alive int          // texts of those that are still there, n(w)
}

type occurrence struct {
	doc   int32
	times int32
}

// doc is one text. Its place is never used again before the holes are closed, so that lists stay sorted.
type doc struct {
	id    string
	terms []int32 // distinct, ascending
	words int32   // length; -1 is a hole
}

// NewBM25 makes an empty search. Knobs out of range are an error of code invalid.
func NewBM25(knobs BM25Knobs) (*BM25, error) {
	if err := knobs.Validate(); err != nil {
		return nil, err
	}
	return &BM25{knobs: knobs, terms: map[string]int{}, at: map[string]int{}}, nil
}

// Len is the number of texts, M.
func (x *BM25) Len() int { return len(x.at) }

// Put writes the text of an id, in the place of an older one if there is one.
func (x *BM25) Put(id, text string) {
	x.Delete(id)
	place := int32(len(x.docs))
	words := Words(text)
	x.ids = x.ids[:0]
	for _, w := range words {
		x.ids = append(x.ids, x.term(w))
	}
	slices.Sort(x.ids)
	d := doc{id: id, words: int32(len(words))}
	for i := 0; i < len(x.ids); {
		t, from := x.ids[i], i
		for i < len(x.ids) && x.ids[i] == t {
			i++
		}
		p := &x.posts[t]
		p.in, p.alive = append(p.in, occurrence{place, int32(i - from)}), p.alive+1
		d.terms = append(d.terms, t)
	}
	x.docs, x.sums, x.at[id] = append(x.docs, d), append(x.sums, 0), int(place)
	x.words += len(words)
}

// term returns the number of a word, a new one for a new word.
func (x *BM25) term(w string) int32 {
	t, ok := x.terms[w]
	if !ok {
		t = len(x.posts)
		x.terms[w] = t
		x.posts = append(x.posts, posting{})
	}
	return int32(t)
}

// Delete removes the text of an id and tells whether there was one.
func (x *BM25) Delete(id string) bool {
	place, ok := x.at[id]
	if !ok {
		return false
	}
	d := &x.docs[place]
	for _, t := range d.terms {
		x.posts[t].alive--
	}
	x.words -= int(d.words)
	*d = doc{words: -1}
	delete(x.at, id)
	if len(x.docs) > 2*len(x.at)+spareHoles {
		x.close()
	}
	return true
}

// close closes the holes and forgets words that no text has any more.
func (x *BM25) close() {
	moved := make([]int32, len(x.docs)) // new place by the old one
	n := 0
	for i, d := range x.docs {
		moved[i] = -1
		if d.words >= 0 {
			moved[i], x.docs[n], x.at[d.id] = int32(n), d, n
			n++
		}
	}
	clear(x.docs[n:])
	x.docs, x.sums = x.docs[:n], x.sums[:n]
	for t := range x.posts {
		x.posts[t].move(moved)
	}
	x.forget()
}

func (p *posting) move(moved []int32) {
	n := 0
	for _, o := range p.in {
		if to := moved[o.doc]; to >= 0 {
			p.in[n] = occurrence{to, o.times}
			n++
		}
	}
	p.in = p.in[:n]
}

// forget gives the words that are left new numbers, in the order of the old ones.
func (x *BM25) forget() {
	number, n := make([]int32, len(x.posts)), 0 // new number by the old one, -1 for a word that goes
	for t, p := range x.posts {
		number[t] = -1
		if p.alive > 0 {
			number[t], x.posts[n] = int32(n), p
			n++
		}
	}
	for w, t := range x.terms {
		if number[t] < 0 {
			delete(x.terms, w)
		} else {
			x.terms[w] = int(number[t])
		}
	}
	clear(x.posts[n:])
	x.posts = x.posts[:n]
	for i := range x.docs {
		for j, t := range x.docs[i].terms {
			x.docs[i].terms[j] = number[t]
		}
	}
}

// Top returns the k texts with the highest scores above 0, best first; the lower id first where scores are equal.
func (x *BM25) Top(query string, k int) []Match {
	asked := x.asked(query)
	var touched []int32
	for _, a := range asked {
		touched = x.addUp(a, touched)
	}
	top := &best{k: max(k, 0)}
	for _, place := range touched {
		s := x.sums[place]
		x.sums[place] = 0
		if floor, full := top.floor(); !full || s >= floor {
			top.offer(Match{x.docs[place].id, s})
		}
	}
	return top.sorted()
}

// asking is one distinct word of a query that some text has.
type asking struct {
	word   string
	in     []occurrence
	weight float64 // its idf, times how often the query has it
}

// asked lists the words of a query by their spelling, so that a sum has one order whatever the history of the search.
func (x *BM25) asked(query string) []asking {
	words := Words(query)
	slices.Sort(words)
	var all []asking
	for i := 0; i < len(words); {
		w, from := words[i], i
		for i < len(words) && words[i] == w {
			i++
		}
		if t, ok := x.terms[w]; ok && x.posts[t].alive > 0 {
			p := x.posts[t]
			n, m := float64(p.alive), float64(len(x.at))
			all = append(all, asking{word: w, in: p.in, weight: float64(i-from) * math.Log1p((m-n+0.5)/(n+0.5))})
		}
	}
	return all
}

// addUp adds the part of one word to the sums of the texts that have it, and lists the texts that were zero before.
func (x *BM25) addUp(a asking, touched []int32) []int32 {
	for _, o := range a.in {
		if x.docs[o.doc].words < 0 {
			continue
		}
		if x.sums[o.doc] == 0 {
			touched = append(touched, o.doc)
		}
		x.sums[o.doc] += x.share(a, o)
	}
	return touched
}

// share is what one word gives one text.
func (x *BM25) share(a asking, o occurrence) float64 {
	mean := float64(x.words) / float64(len(x.at))
	tf := float64(o.times)
	return a.weight * tf / (tf + x.knobs.K1*(1-x.knobs.B+x.knobs.B*float64(x.docs[o.doc].words)/mean))
}

// Parts are the parts of the score that each word of a query gives a text; they add up to its score. Words that the text lacks are not
// among them.
func (x *BM25) Parts(query, id string) map[string]float64 {
	place, ok := x.at[id]
	if !ok {
		return nil
	}
	parts := map[string]float64{}
	for _, a := range x.asked(query) {
		i, found := slices.BinarySearchFunc(a.in, int32(place), func(o occurrence, p int32) int { return cmp.Compare(o.doc, p) })
		if found {
			parts[a.word] = x.share(a, a.in[i])
		}
	}
	return parts
}
