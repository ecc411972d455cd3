package llm_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
)

// bpeCases are what the tokenizers library says, written by build/fixtures/hf.py.
type bpeCases struct {
	Encode []struct {
		Text, Decoded string
		IDs           []int32
	}
	Decode []struct {
		IDs     []int32
		Decoded string
	}
}

func load(t testing.TB, path string, into any) {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(src, into); err != nil {
		t.Fatal(err)
	}
}

func bpe(t testing.TB, name string) llm.Tokenizer {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("testdata", "bpe", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	tok, err := llm.ParseTokenizer(src)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func TestBytePairsAreThoseOfTheTokenizersLibrary(t *testing.T) {
	for _, name := range []string{"gpt2", "llama3", "qwen3"} {
		t.Run(name, func(t *testing.T) {
			tok := bpe(t, name)
			var cases bpeCases
			load(t, filepath.Join("testdata", "bpe", name+".cases.json"), &cases)
			if len(cases.Encode) < 40 || len(cases.Decode) < 40 {
				t.Fatal("the fixture is too small to say anything")
			}
			for _, c := range cases.Encode {
				ids, err := tok.Encode(c.Text)
				if err != nil || !slices.Equal(ids, c.IDs) {
					t.Errorf("%q gives %v, %v, want %v", c.Text, ids, err, c.IDs)
				}
				if text, err := tok.Decode(c.IDs); err != nil || text != c.Decoded {
					t.Errorf("%v is %q, %v, want %q", c.IDs, text, err, c.Decoded)
				}
			}
			for _, c := range cases.Decode {
				if text, err := tok.Decode(c.IDs); err != nil || text != c.Decoded {
					t.Errorf("%v is %q, %v, want %q", c.IDs, text, err, c.Decoded)
				}
			}
		})
	}
}

func TestLongTextsTakeLittleTime(t *testing.T) {
	tok := bpe(t, "llama3")
	for name, text := range map[string]string{
		"one letter": strings.Repeat("a", 1<<17), "blanks": strings.Repeat(" ", 1<<17) + "x", "line ends": strings.Repeat("\n", 1<<17),
		"words": strings.Repeat("the lazy dog ", 1<<13), "marks": strings.Repeat("<|eot_id|>", 1<<13),
	} {
		start := time.Now()
		ids, err := tok.Encode(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if back, err := tok.Decode(ids); err != nil || back != text {
			t.Errorf("%s does not come back, %v", name, err)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s: %d letters took %v", name, len(text), took)
		}
	}
}

func TestBytePairTokenizersThatWouldCutOtherwiseAreRefused(t *testing.T) {
	src, err := os.ReadFile(filepath.Join("testdata", "bpe", "qwen3.json"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string][3]string{
		"another normalizer":        {`{"type":"NFC"}`, `{"type":"Lowercase"}`, `"Lowercase", want "NFC" or none`},
		"another behavior":          {`"Isolated"`, `"MergedWithNext"`, `behavior "MergedWithNext"`},
		"a blank before texts":      {`"add_prefix_space":false`, `"add_prefix_space":true`, "add_prefix_space"},
		"another decoder":           {`"decoder":{"type":"ByteLevel"`, `"decoder":{"type":"Metaspace"`, `"Metaspace", want "ByteLevel"`},
		"chance":                    {`"dropout":null`, `"dropout":0.1`, "dropout is 0.1"},
		"bytes as tokens":           {`"byte_fallback":false`, `"byte_fallback":true`, "byte_fallback"},
		"a pattern that is none":    {`(?i:`, `(?i:(`, "pattern"},
		"a merge of unknown tokens": {`"merges":[`, `"merges":[["qq","zz"],`, `merge 0 joins "qq" and "zz"`},
		"a byte without token":      {`"Ā":`, `"ĀĀĀ":`, "byte 0x00"},
		"an id beyond all":          {`"Ā":`, `"ĀĀĀ":99999999,"Ā":`, "has id 99999999"},
		"a mark that eats blanks":   {`"lstrip":false`, `"lstrip":true`, "lstrip"},
	} {
		changed := strings.Replace(string(src), c[0], c[1], 1)
		if changed == string(src) {
			t.Errorf("%s: the fixture has no %s", name, c[0])
			continue
		}
		if _, err := llm.ParseTokenizer([]byte(changed)); !errors.Is(err, &lab.Error{Code: lab.Invalid}) || !strings.Contains(err.Error(), c[2]) || lab.HintOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTextsAndIdsThatAreNoneAreErrors(t *testing.T) {
	tok := bpe(t, "gpt2")
	if _, err := tok.Encode("a\xff"); !errors.Is(err, &lab.Error{Code: lab.Invalid}) {
		t.Error(err)
	}
	for _, id := range []int32{-1, int32(tok.Size())} {
		if _, err := tok.Decode([]int32{id}); !errors.Is(err, &lab.Error{Code: lab.Invalid}) {
			t.Errorf("id %d: %v", id, err)
		}
	}
}

func TestAFolderWithBytePairsComesBack(t *testing.T) {
	shape := shapes()["Qwen3 tied"]
	shape.Vocab = 512 // more rows than tokens, as real models have
	tok := filepath.Join("testdata", "bpe", "qwen3.json")
	from := t.TempDir()
	src, err := os.ReadFile(tok)
	if err != nil {
		t.Fatal(err)
	}
	write(t, from, "tokenizer.json", src)
	write(t, from, "tokenizer_config.json", []byte(`{"eos_token":{"content":"<|eot_id|>"},"chat_template":"{{ x }}"}`))
	read, err := llm.ReadTokenizer(from)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "model")
	if err := llm.NewFolder(random(shape), read).Write(dir, llm.BF16); err != nil {
		t.Fatal(err)
	}
	f, err := llm.ReadFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	ids, err := f.Tokenizer.Encode("the dog<|eot_id|>")
	if err != nil || ids[len(ids)-1] != f.Tokenizer.End() || !slices.Equal(f.Ends, []int32{f.Tokenizer.End()}) {
		t.Errorf("ids %v, end %d, ends %v, %v", ids, f.Tokenizer.End(), f.Ends, err)
	}
	for _, name := range []string{"tokenizer.json", "tokenizer_config.json"} {
		a, err1 := os.ReadFile(filepath.Join(from, name))
		b, err2 := os.ReadFile(filepath.Join(dir, name))
		if err1 != nil || err2 != nil || string(a) != string(b) {
			t.Errorf("%s changed on its way, %v, %v", name, err1, err2)
		}
	}
}

func FuzzParseTokenizer(f *testing.F) {
	for _, path := range []string{"bpe/llama3.json", "hf/llama-float32-untied/tokenizer.json"} {
		src, err := os.ReadFile(filepath.Join("testdata", path))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src, "the <|eot_id|> dog\n\n 12")
	}
	f.Add([]byte(`{"model":{"type":"BPE","vocab":{},"merges":["a b"]},"decoder":{"type":"ByteLevel"},"pre_tokenizer":{"type":"ByteLevel"}}`), "a")
	f.Fuzz(func(t *testing.T, src []byte, text string) {
		tok, err := llm.ParseTokenizer(src)
		if err != nil {
			return
		}
		ids, err := tok.Encode(text)
		if err != nil {
			return
		}
		for _, id := range ids {
			if id < 0 || int(id) >= tok.Size() {
				t.Fatalf("id %d of %d", id, tok.Size())
			}
		}
		if _, err := tok.Decode(ids); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzBytePairsComeBack(f *testing.F) {
	tok := bpe(f, "llama3") // without a normalizer every text comes back
	f.Add("the dog's house\n\n 1234 日本 <|eot_id|>x")
	f.Fuzz(func(t *testing.T, text string) {
		ids, err := tok.Encode(text)
		if err != nil {
			return
		}
		if back, err := tok.Decode(ids); err != nil || back != text {
			t.Fatalf("%q is %v and then %q, %v", text, ids, back, err)
		}
	})
}
