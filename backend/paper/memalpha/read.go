package memalpha

import (
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/world/chat"
)

// near is how many entries behind those that are read stand in a report.
const near = 2

// searches are the two searches over a finished memory.
type searches struct {
	stores             *stores
	semantic, episodic *mem.BM25
}

func (s *stores) searches() (*searches, error) {
	out := &searches{stores: s}
	var err error
	if out.semantic, err = indexed(s.semantic); err != nil {
		return nil, err
	}
	out.episodic, err = indexed(s.episodic)
	return out, err
}

func indexed(b *mem.Bank) (*mem.BM25, error) {
	index, err := mem.NewBM25(mem.DefaultBM25())
	if err != nil {
		return nil, err
	}
	for _, e := range b.All() {
		index.Put(e.ID, e.Text)
	}
	return index, nil
}

// answer plays the frozen generator (sec. 3.2 of arXiv 2509.25911v1): it recalls k entries of each list by BM25, reads the core, and answers
// from them alone by the world's rule. The question for the gist is answered from the core alone.
func (s *searches) answer(w *chat.World, q *chat.Question) (string, error) {
	lines := make([]string, 0, 8)
	if text := s.stores.coreText(); text != "" {
		lines = append(lines, text)
	}
	if q.Kind == chat.AskGist {
		return w.Read(q.Text, lines), nil
	}
	k := s.stores.knobs.Recalled
	if k == 0 {
		return w.Read(q.Text, lines), nil
	}
	for _, store := range []string{semantic, episodic} {
		index := s.semantic
		if store == episodic {
			index = s.episodic
		}
		found, err := s.stores.bank(store).Recall(q.Text, mem.HitsOf(index.Top(q.Text, k+near), "bm25"), mem.Limit{K: k}, "the words that it shares with the question")
		if err != nil {
			return "", err
		}
		lines = append(lines, found.Lines()...)
	}
	return w.Read(q.Text, lines), nil
}
