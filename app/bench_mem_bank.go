package app

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/record"
	"github.com/loci-lab/loci/backend/rng"
)

const (
	bm25Queries   = 1000
	bm25Within    = 10.0 // ms, of 95 of 100 queries of two words
	insertsInRAM  = 200_000
	insertsOnDisk = 50_000
	memOperations = 20_000
	memOperation  = 20.0 // us, of one operation with its event
)

// zipfWords draws texts whose words are as unequally frequent as those of a language: word r with a probability of about 1/r.
func zipfWords(s *rng.Stream, vocabulary, words int) string {
	text := make([]string, words)
	for i := range text {
		// r = V^u is log-uniform: its density is 1 / (r ln V).
		r := math.Pow(float64(vocabulary), s.Float64())
		text[i] = "w" + strconv.Itoa(int(r))
	}
	return strings.Join(text, " ")
}

// benchTexts are as many texts as the searches hold, of 4 to 20 words of a vocabulary of 20,000.
func benchTexts(n int) []string {
	s, texts := rng.New(3, "bench texts"), make([]string, n)
	for i := range texts {
		texts[i] = zipfWords(s, 20_000, 4+s.IntN(17))
	}
	return texts
}

// benchBM25 asks queries of two words that are as frequent in queries as in texts: the frequent ones, which cost most, come often.
func benchBM25(ctx context.Context, l *benchLab) ([]measure, error) {
	texts, s := benchTexts(memRows), rng.New(4, "bench queries")
	index, err := mem.NewBM25(mem.DefaultBM25())
	if err != nil {
		return nil, err
	}
	build := secondsOf(func() {
		for i, text := range texts {
			index.Put(strconv.Itoa(i), text)
		}
	})
	mid := measure{Name: "BM25 of 100,000 entries, two words, median", Unit: "ms"}
	slow := measure{Name: "BM25 of 100,000 entries, two words, 95 of 100 within", Unit: "ms", Limit: atMost(bm25Within)}
	err = l.inRounds(ctx, func(int) error {
		waits := make([]float64, bm25Queries)
		for i := range waits {
			query := zipfWords(s, 20_000, 2)
			waits[i] = 1e3 * secondsOf(func() { index.Top(query, memNearest) })
		}
		slices.Sort(waits)
		mid.Rounds, slow.Rounds = append(mid.Rounds, quantile(waits, 0.5)), append(slow.Rounds, quantile(waits, 0.95))
		return nil
	})
	rate := measure{Name: "BM25, texts of 12 words on average written", Unit: "entries/s", Rounds: []float64{memRows / build}}
	return []measure{mid, slow, rate}, err
}

// benchBank writes entries without and with a record, then works on a full bank.
func benchBank(ctx context.Context, l *benchLab) ([]measure, error) {
	dir, err := os.MkdirTemp("", "loci-bench-")
	if err != nil {
		return nil, lab.Errorf(lab.Unavailable, "no temporary folder can be made: %w", err).WithHint("free space on the disk")
	}
	defer func() { _ = os.RemoveAll(dir) }() // a leftover in the temporary folder harms nobody
	texts := benchTexts(memRows)
	ram := measure{Name: "entries written to a bank in RAM", Unit: "entries/s", Limit: atLeast(insertsInRAM)}
	disk := measure{Name: "entries written to a bank, events on disk", Unit: "entries/s", Limit: atLeast(insertsOnDisk)}
	mean := measure{Name: "one operation with its event, bank of 100,000", Unit: "us", Limit: atMost(memOperation)}
	slow := measure{Name: "one operation with its event, 99 of 100 within", Unit: "us"}
	err = l.inRounds(ctx, func(r int) error {
		took := secondsOf(func() { err = fillBank(mem.NewBank("bench", nil, nil), texts) })
		if err != nil {
			return err
		}
		ram.Rounds = append(ram.Rounds, memRows/took)
		w, err := record.Create(filepath.Join(dir, fmt.Sprintf("bank-%d.rec", r)), record.Options{})
		if err != nil {
			return err
		}
		rate, waits, err := recordedBank(w, texts)
		if err != nil {
			_ = w.Close() // the first error says it
			return err
		}
		disk.Rounds, slow.Rounds = append(disk.Rounds, rate), append(slow.Rounds, quantile(waits, 0.99))
		total := 0.0
		for _, us := range waits {
			total += us
		}
		mean.Rounds = append(mean.Rounds, total/float64(len(waits)))
		return nil
	})
	return []measure{ram, disk, mean, slow}, err
}

func fillBank(b *mem.Bank, texts []string) error {
	for i, text := range texts {
		if _, err := b.Add(benchEntry(text, i), "new"); err != nil {
			return err
		}
	}
	return nil
}

func benchEntry(text string, i int) lab.Entry {
	return lab.Entry{Type: "episode", Text: text, Numbers: map[string]lab.Float{mem.NumValue: 0, mem.NumMade: lab.Float(i)}}
}

// recordedBank fills a bank whose operations are recorded and returns the entries a second until all are on disk; then it changes, deletes
// and writes entries in turn and returns how long each took, in microseconds, sorted. It closes the record.
func recordedBank(w *record.Writer, texts []string) (rate float64, waits []float64, err error) {
	b := mem.NewBank("bench", &mem.Log{Emit: w}, nil)
	took := secondsOf(func() {
		if err = fillBank(b, texts); err == nil {
			err = w.Flush()
		}
	})
	if err != nil {
		return 0, nil, err
	}
	s := rng.New(5, "bench operations")
	alive := make([]string, len(texts))
	for i := range alive {
		alive[i] = strconv.Itoa(i)
	}
	for i := range memOperations {
		at := s.IntN(len(alive))
		start := time.Now()
		switch i % 3 {
		case 0:
			err = b.Change(alive[at], func(e *lab.Entry) { mem.SetNumber(e, mem.NumValue, float64(i+1)/7) }, "value learned")
		case 1:
			err = b.Delete(alive[at], "evicted")
			alive[at] = alive[len(alive)-1]
			alive = alive[:len(alive)-1]
		case 2:
			var id string
			id, err = b.Add(benchEntry(texts[at], i), "new")
			alive = append(alive, id)
		}
		waits = append(waits, float64(time.Since(start))/float64(time.Microsecond))
		if err != nil {
			return 0, nil, err
		}
	}
	slices.Sort(waits)
	return float64(len(texts)) / took, waits, w.Close()
}
