package delethink

import (
	"context"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/llm"
)

// counter answers every request with the numbers from the last token of its prompt on, so that what was carried shows; it ends behind end.
type counter struct {
	end   int32
	asked [][]int32 // prompts, in order
	most  []int
	seeds []uint64
}

func (c *counter) Context() int { return 1 << 20 }

func (c *counter) Sample(_ context.Context, requests []llm.Request) ([]llm.Reply, error) {
	replies := make([]llm.Reply, len(requests))
	for i, r := range requests {
		c.asked, c.most, c.seeds = append(c.asked, r.Prompt), append(c.most, r.MaxTokens), append(c.seeds, r.Seed)
		for range r.N {
			s := llm.Sequence{Stop: llm.Length}
			for next := r.Prompt[len(r.Prompt)-1] + 1; len(s.Tokens) < r.MaxTokens; next++ {
				s.Tokens, s.Logprobs = append(s.Tokens, next), append(s.Logprobs, -1)
				if next == c.end {
					s.Stop = llm.Stopped
					break
				}
			}
			replies[i].Sequences = append(replies[i].Sequences, s)
		}
	}
	return replies, nil
}

func TestChunksBeginWithTheQuestionAndTheTailOfTheChunkBefore(t *testing.T) {
	for _, c := range []struct {
		name    string
		t       template
		end     int32
		prompts [][]int32 // of each chunk
		written []int     // tokens of each chunk
	}{
		// Question 100; C 4, m 2: 101 to 104, then 2 of them carried and 2 new.
		{"to the last chunk", template{4, 2, 3, 0}, 999, [][]int32{{100}, {100, 103, 104}, {100, 105, 106}}, []int{4, 2, 2}},
		{"until the end token", template{4, 2, 3, 0}, 105, [][]int32{{100}, {100, 103, 104}}, []int{4, 1}},
		{"nothing carried", template{4, 0, 2, 0}, 999, [][]int32{{100}, {100}}, []int{4, 4}},
		{"one chunk", template{8, 4, 1, 0}, 999, [][]int32{{100}}, []int{8}},
		// The first token of the first chunk joins the question, and the tail is shorter by one.
		{"the head folded", template{4, 2, 3, 1}, 999, [][]int32{{100}, {100, 101, 104}, {100, 101, 106}}, []int{4, 2, 2}},
		{"a tail longer than what was written", template{4, 3, 3, 0}, 999, [][]int32{{100}, {100, 102, 103, 104}, {100, 105}}, []int{4, 1, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &counter{end: c.end}
			groups, err := think(t.Context(), s, [][]int32{{100}}, 1, c.t, llm.Sampling{}, []uint64{7})
			if err != nil {
				t.Fatal(err)
			}
			segments := groups[0].Trajectories[0].Segments
			if len(segments) != len(c.prompts) {
				t.Fatalf("%d chunks, want %d: %v", len(segments), len(c.prompts), segments)
			}
			total := 0
			for i, g := range segments {
				if !slices.Equal(g.Context, c.prompts[i]) || len(g.Tokens) != c.written[i] {
					t.Errorf("chunk %d: prompt %v and %d tokens, want %v and %d", i, g.Context, len(g.Tokens), c.prompts[i], c.written[i])
				}
				total += len(g.Tokens)
			}
			if total > c.t.budget() {
				t.Errorf("%d tokens, the budget is %d", total, c.t.budget())
			}
		})
	}
}

func TestTheBudgetIsThatOfThePaper(t *testing.T) {
	for _, c := range []struct {
		t    template
		want int
	}{{template{8192, 4096, 5, 0}, 24576}, {template{64, 32, 4, 0}, 160}, {template{24, 12, 12, 0}, 156}, {template{160, 0, 1, 0}, 160}, {template{64, 32, 12, 0}, 416}} {
		if got := c.t.budget(); got != c.want {
			t.Errorf("budget of %+v is %d, want %d", c.t, got, c.want)
		}
	}
}

func TestAGroupSharesItsPromptAndEveryAttemptHasItsOwnDraws(t *testing.T) {
	s := &counter{end: 999}
	groups, err := think(t.Context(), s, [][]int32{{100}, {200}}, 3, template{4, 2, 2, 0}, llm.Sampling{}, []uint64{10, 5000})
	if err != nil {
		t.Fatal(err)
	}
	if len(groups) != 2 || len(groups[0].Trajectories) != 3 || groups[1].Item != 5000 {
		t.Fatalf("groups are %+v", groups)
	}
	if want := [][]int32{{100}, {200}, {100, 103, 104}, {100, 103, 104}, {100, 103, 104}, {200, 203, 204}}; !slices.EqualFunc(s.asked[:6], want, slices.Equal) {
		t.Errorf("prompts are %v", s.asked)
	}
	seen := map[uint64]bool{}
	for i, seed := range s.seeds {
		n := 1
		if i < 2 {
			n = 3 // the first request draws for the whole group, from seeds one apart
		}
		for g := range n {
			if seen[seed+uint64(g)] {
				t.Errorf("two draws have seed %d", seed+uint64(g))
			}
			seen[seed+uint64(g)] = true
		}
	}
	if first := groups[1].Trajectories[2].Segments[0].Tokens; !slices.Equal(first, []int32{201, 202, 203, 204}) {
		t.Errorf("an attempt got %v: replies went to the wrong attempts", first)
	}
}

func TestLongQuestionsGetTheSameTokensCutOrNot(t *testing.T) {
	for _, k := range []RLKnobs{
		{Chunk: 64, Carry: 32, Chunks: 4, LongChunks: 12},
		{Chunk: 160, Chunks: 1, LongChunks: 12},
		{Chunk: 24, Carry: 12, Chunks: 12, LongChunks: 12},
	} {
		if b := k.long().budget(); b > 416 || b < 416-12 {
			t.Errorf("chunk %d has %d tokens for long questions, want 416 or just less", k.Chunk, b)
		}
	}
}
