package llm_test

import (
	"context"
	"errors"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/llm/script"
)

const readText = "---\nreader: the agent\nfields:\n  text: all\n---\n## system\nUse few words.\n## user\n{{text}}\n"

func kitchen(t testing.TB, more ...string) *llm.Words {
	t.Helper()
	w, err := llm.NewWords(append([]string{"go", "to", "the", "kitchen", "take", "red", "key", "don't", "box-7", ".", "A", "a", "answer:"}, more...))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func sampler(t testing.TB, chat llm.Chat, context int) *llm.ChatSampler {
	t.Helper()
	s, err := llm.NewChatSampler(chat, prompt(t, readText), kitchen(t), context, llm.ChatSamplerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// says is a chat with one answer.
func says(t testing.TB, text string) *script.Chat {
	t.Helper()
	c, err := script.New(script.Rule{Answer: func(llm.ChatRequest) (string, error) { return text, nil }})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func ids(t testing.TB, text string) []int32 {
	t.Helper()
	list, err := kitchen(t).Encode(text)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestWordsOfAnAnswerBecomeTokens(t *testing.T) {
	for _, c := range []struct {
		name, said, want string
		most             int
		stop             llm.StopReason
		dropped          int
	}{
		{"as they stand", "go to the kitchen", "go to the kitchen <end>", 9, llm.Stopped, 0},
		{"in another case, with marks", "Go to THE Kitchen, please!", "go to the kitchen <end>", 9, llm.Stopped, 1},
		{"a known mark is parted", "take the key.", "take the key . <end>", 9, llm.Stopped, 0},
		{"words with marks inside", "Don't take box-7.", "don't take box-7 . <end>", 9, llm.Stopped, 0},
		{"a word that ends in a mark", "answer: key", "answer: key <end>", 9, llm.Stopped, 0},
		{"case counts where both are known", "A key, a box-7", "A key a box-7 <end>", 9, llm.Stopped, 0},
		{"parts that are not known", "take box-9", "take <end>", 9, llm.Stopped, 2},
		{"the first line that holds anything", "\n\n  go to\nthe kitchen", "go to <end>", 9, llm.Stopped, 0},
		{"quotes and markup", "**\"take\"** `key`", "take key <end>", 9, llm.Stopped, 0},
		{"cut at the most", "go to the kitchen", "go to the", 3, llm.Length, 0},
		{"just fits without its end", "go to the kitchen", "go to the kitchen", 4, llm.Length, 0},
		{"nothing known", "¡olé! 今日は", "<end>", 9, llm.Stopped, 2},
		{"nothing", "", "<end>", 9, llm.Stopped, 0},
		{"reserved words are no words", "<end> <pad> key", "key <end>", 9, llm.Stopped, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := sampler(t, says(t, c.said), 40)
			replies, err := s.Sample(t.Context(), []llm.Request{{Prompt: ids(t, "take the key"), N: 1, Sampling: llm.Sampling{MaxTokens: c.most}}})
			if err != nil {
				t.Fatal(err)
			}
			q := replies[0].Sequences[0]
			if want := ids(t, c.want); !reflect.DeepEqual(q.Tokens, want) || q.Stop != c.stop {
				got, _ := kitchen(t).Decode(q.Tokens)
				t.Errorf("%q, %s, want %q, %s", got, q.Stop, c.want, c.stop)
			}
			if len(q.Logprobs) != len(q.Tokens) || replies[0].Prompt != nil {
				t.Errorf("%d numbers for %d tokens", len(q.Logprobs), len(q.Tokens))
			}
			for _, p := range q.Logprobs {
				if !math.IsNaN(float64(p)) {
					t.Errorf("log-probability %v", p)
				}
			}
			if n := s.Counts(); n.Replies != 1 || n.Dropped != c.dropped {
				t.Errorf("%+v, want %d dropped", n, c.dropped)
			}
		})
	}
}

func TestAnAnswerIsCutBehindAStopAndAtTheContext(t *testing.T) {
	prompt := ids(t, "take the key")
	ask := func(context int, g llm.Sampling) llm.Sequence {
		g.MaxTokens = 9
		replies, err := sampler(t, says(t, "go to the red kitchen"), context).Sample(t.Context(), []llm.Request{{Prompt: prompt, N: 1, Sampling: g}})
		if err != nil {
			t.Fatal(err)
		}
		return replies[0].Sequences[0]
	}
	for name, c := range map[string]struct {
		got  llm.Sequence
		want string
		stop llm.StopReason
	}{
		"tokens":  {ask(40, llm.Sampling{Stop: [][]int32{{}, ids(t, "to the")}}), "go to the", llm.Stopped},
		"a text":  {ask(40, llm.Sampling{StopText: []string{"", "the red"}}), "go to the red", llm.Stopped},
		"context": {ask(5, llm.Sampling{}), "go to", llm.Length},
	} {
		if !reflect.DeepEqual(c.got.Tokens, ids(t, c.want)) || c.got.Stop != c.stop {
			t.Errorf("%s: %v, %s", name, c.got.Tokens, c.got.Stop)
		}
	}
}

func TestEveryContinuationIsAskedWithItsOwnSeedAndComesInOrder(t *testing.T) {
	rooms := []string{"kitchen", "key", "red", "box-7"}
	chat, err := script.New(script.Rule{Answer: func(r llm.ChatRequest) (string, error) { return rooms[r.Seed%4], nil }})
	if err != nil {
		t.Fatal(err)
	}
	s := sampler(t, chat, 40)
	requests := []llm.Request{
		{Prompt: ids(t, "go to"), N: 3, Sampling: llm.Sampling{MaxTokens: 4, Temperature: 0.7, Seed: 9}},
		{Prompt: ids(t, "take"), N: 2, Sampling: llm.Sampling{MaxTokens: 4, Temperature: 0.7, Seed: 3}},
	}
	replies, err := s.Sample(t.Context(), requests)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]string{{"key", "red", "box-7"}, {"box-7", "kitchen"}} {
		for n, word := range want {
			if got := replies[i].Sequences[n].Tokens; got[0] != ids(t, word)[0] {
				t.Errorf("continuation %d of request %d is %v, want %s", n, i, got, word)
			}
		}
	}
	seeds := map[uint64]string{}
	for _, r := range chat.Asked() {
		seeds[r.Seed] = r.Messages[1].Text
		if !reflect.DeepEqual(r.Messages[0], llm.Message{Role: llm.System, Text: "Use few words."}) || r.Temperature != 0.7 || r.MaxTokens != 256+8*4 {
			t.Errorf("%+v", r)
		}
	}
	if want := map[uint64]string{9: "go to", 10: "go to", 11: "go to", 3: "take", 4: "take"}; !reflect.DeepEqual(seeds, want) {
		t.Errorf("asked %v, want %v", seeds, want)
	}
}

func TestRequestsThatAnEndpointCannotAnswerAreRefused(t *testing.T) {
	s := sampler(t, says(t, "go"), 8)
	good := llm.Request{Prompt: ids(t, "go to"), N: 1, Sampling: llm.Sampling{MaxTokens: 4}}
	for name, change := range map[string]func(*llm.Request){
		"no prompt": func(r *llm.Request) { r.Prompt = nil }, "none": func(r *llm.Request) { r.N = 0 }, "top-k": func(r *llm.Request) { r.TopK = 3 },
		"top-p": func(r *llm.Request) { r.TopP = 0.9 }, "the prompt's numbers": func(r *llm.Request) { r.PromptLogprobs = true },
		"a prompt too long": func(r *llm.Request) { r.Prompt = make([]int32, 9) }, "an id beyond all": func(r *llm.Request) { r.Prompt = []int32{99} },
	} {
		r := good
		change(&r)
		if replies, err := s.Sample(t.Context(), []llm.Request{good, r}); lab.CodeOf(err) != lab.Invalid || replies != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	two := strings.Replace(readText, "text: all\n", "text: all\n  more: x\n", 1) + "{{more}}"
	for name, make := range map[string]func() error{
		"two fields": func() error {
			_, err := llm.NewChatSampler(says(t, ""), prompt(t, two), kitchen(t), 8, llm.ChatSamplerOptions{})
			return err
		},
		"no context": func() error {
			_, err := llm.NewChatSampler(says(t, ""), prompt(t, readText), kitchen(t), 1, llm.ChatSamplerOptions{})
			return err
		},
		"no parallel": func() error {
			_, err := llm.NewChatSampler(says(t, ""), prompt(t, readText), kitchen(t), 8, llm.ChatSamplerOptions{Parallel: -1})
			return err
		},
	} {
		if err := make(); lab.CodeOf(err) != lab.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnEndpointThatFailsIsAnErrorAndNeverAnEmptyAnswer(t *testing.T) {
	down := lab.Errorf(lab.Unavailable, "down")
	chat, err := script.New(script.Rule{Reply: "go", Times: 3}, script.Rule{Answer: func(llm.ChatRequest) (string, error) { return "", down }})
	if err != nil {
		t.Fatal(err)
	}
	replies, err := sampler(t, chat, 8).Sample(t.Context(), []llm.Request{{Prompt: ids(t, "go"), N: 8, Sampling: llm.Sampling{MaxTokens: 2}}})
	if !errors.Is(err, down) || replies != nil {
		t.Errorf("%v, %v", replies, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sampler(t, says(t, "go"), 8).Sample(ctx, []llm.Request{{Prompt: ids(t, "go"), N: 1, Sampling: llm.Sampling{MaxTokens: 2}}}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestATokenizerOfWholeTextsTakesAllWords(t *testing.T) {
	s, err := llm.NewChatSampler(says(t, "Hello there, 12!"), prompt(t, readText), bpe(t, "llama3"), 64, llm.ChatSamplerOptions{Parallel: 2, Reply: 30})
	if err != nil {
		t.Fatal(err)
	}
	replies, err := s.Sample(t.Context(), []llm.Request{{Prompt: []int32{5}, N: 1, Sampling: llm.Sampling{MaxTokens: 40}}})
	if err != nil {
		t.Fatal(err)
	}
	tok := bpe(t, "llama3")
	got := replies[0].Sequences[0].Tokens
	if end := tok.End(); end >= 0 && got[len(got)-1] == end {
		got = got[:len(got)-1]
	}
	if text, err := tok.Decode(got); err != nil || text != "Hello there, 12!" || s.Context() != 64 {
		t.Errorf("%q, %v", text, err)
	}
}

func TestASamplerOfAChatMayBeUsedBySeveral(t *testing.T) {
	s := sampler(t, says(t, "take the red key"), 40)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := s.Sample(t.Context(), []llm.Request{{Prompt: ids(t, "go"), N: 4, Sampling: llm.Sampling{MaxTokens: 9}}}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := s.Counts(); n.Replies != 32 || n.Words != 128 || n.Usage.Reply != 128 {
		t.Errorf("%+v", n)
	}
}

func FuzzAnswersBecomeTokens(f *testing.F) {
	f.Add("Go to the kitchen, and take box-7.")
	f.Add("\xff\xfe go")
	f.Add(strings.Repeat("-", 5000))
	f.Fuzz(func(t *testing.T, said string) {
		replies, err := sampler(t, says(t, said), 40).Sample(t.Context(), []llm.Request{{Prompt: []int32{5}, N: 1, Sampling: llm.Sampling{MaxTokens: 12}}})
		if err != nil {
			t.Fatal(err)
		}
		q := replies[0].Sequences[0]
		if len(q.Tokens) > 12 || len(q.Tokens) != len(q.Logprobs) {
			t.Fatalf("%d tokens, %d numbers", len(q.Tokens), len(q.Logprobs))
		}
		if _, err := kitchen(t).Decode(q.Tokens); err != nil {
			t.Fatal(err)
		}
	})
}
