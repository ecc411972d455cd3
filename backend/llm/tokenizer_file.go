package llm

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// tokenizerFile holds a tokenizer in the layout of the tokenizers library; tokenizerConfig says what the transformers library does with it.
const (
	tokenizerFile   = "tokenizer.json"
	tokenizerConfig = "tokenizer_config.json"
	generationFile  = "generation_config.json"
	tokenizerLimit  = 64 << 20
)

// companions are the files that belong to a tokenizer and travel with it unchanged.
func companions() []string {
	return []string{tokenizerConfig, generationFile, "special_tokens_map.json", "added_tokens.json", "chat_template.jinja", "vocab.json", "merges.txt"}
}

// ReadTokenizer reads the tokenizer of a model folder: the words of a world as Loci writes them, or byte pairs of real models.
func ReadTokenizer(dir string) (Tokenizer, error) {
	t, err := readTokenizer(dir, nil)
	if err != nil {
		return nil, lab.Errorf(lab.CodeOf(err), "model folder %q: %w", dir, err)
	}
	return t, nil
}

// readTokenizer takes the end from tokenizer_config.json, else the first of ends.
func readTokenizer(dir string, ends []int32) (Tokenizer, error) {
	src, err := readSmall(dir, tokenizerFile, tokenizerLimit)
	if err != nil {
		return nil, err
	}
	t, err := ParseTokenizer(src)
	if err != nil {
		return nil, err
	}
	bpe, ok := t.(*BPE)
	if !ok {
		return t, nil
	}
	for _, name := range companions() {
		src, err := readSmall(dir, name, tokenizerLimit)
		switch {
		case err == nil:
			bpe.stored[name] = src
		case !errors.Is(err, &lab.Error{Code: lab.NotFound}):
			return nil, err
		}
	}
	return bpe, bpe.setEnd(ends)
}

// tokenizerJSON is what a tokenizer.json may hold; the parts are read by those who know them.
type tokenizerJSON struct {
	Version       string          `json:"version"`
	Truncation    json.RawMessage `json:"truncation"`
	Padding       json.RawMessage `json:"padding"`
	Added         []addedToken    `json:"added_tokens"`
	Normalizer    json.RawMessage `json:"normalizer"`
	PreTokenizer  json.RawMessage `json:"pre_tokenizer"`
	PostProcessor json.RawMessage `json:"post_processor"`
	Decoder       json.RawMessage `json:"decoder"`
	Model         json.RawMessage `json:"model"`
}

// addedToken is found in a text before the text is cut into pieces.
type addedToken struct {
	ID         int32  `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"`
	LStrip     bool   `json:"lstrip"`
	RStrip     bool   `json:"rstrip"`
	Normalized bool   `json:"normalized"`
	Special    bool   `json:"special"`
}

// ParseTokenizer reads a tokenizer.json: a *Words or a *BPE.
func ParseTokenizer(src []byte) (Tokenizer, error) {
	var f tokenizerJSON
	if err := json.Unmarshal(src, &f); err != nil {
		return nil, lab.Errorf(lab.Invalid, "%s: %w", tokenizerFile, err).WithHint("copy the model folder again; the file must be JSON")
	}
	kind := kindOf(f.Model)
	switch {
	case kind == "WordLevel":
		return parseWords(&f)
	case kind == "BPE" || kind == "" && strings.Contains(string(f.Model), `"merges"`): // old files name no type
		return parseBPE(&f, src)
	}
	return nil, lab.Errorf(lab.Invalid, "%s: the model's type is %s, want \"BPE\" or \"WordLevel\"", tokenizerFile, quote(kind)).
		WithHint("take a model with a byte-pair tokenizer")
}

// kindOf returns the type of a part, "" where it has none.
func kindOf(part json.RawMessage) string {
	var head struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(part, &head) != nil {
		return ""
	}
	return head.Type
}

// wordLevel is the model of a word tokenizer.
type wordLevel struct {
	Type    string           `json:"type"`
	Vocab   map[string]int32 `json:"vocab"`
	Unknown string           `json:"unk_token"`
}

// Blanks part words and vanish; line ends are words of their own.
const wordPieces = `{"type":"Sequence","pretokenizers":[
	{"type":"Split","pattern":{"String":" "},"behavior":"Removed","invert":false},
	{"type":"Split","pattern":{"String":"\n"},"behavior":"Isolated","invert":false}]}`

// The WordPiece decoder puts a blank before every token but the first and those with its prefix, which none has; then the blanks
// beside line ends go.
const wordDecoder = `{"type":"Sequence","decoders":[
	{"type":"WordPiece","prefix":"\n\n","cleanup":false},
	{"type":"Fuse"},
	{"type":"Replace","pattern":{"String":" \n"},"content":"\n"},
	{"type":"Replace","pattern":{"String":"\n "},"content":"\n"}]}`

// files writes the tokenizer so that the tokenizers and transformers libraries encode and decode as we do. There is no token for
// unknown words: those are errors there, too.
func (t *Words) files() (map[string][]byte, error) {
	model, err := indented(wordLevel{Type: "WordLevel", Vocab: t.ids})
	if err != nil {
		return nil, err
	}
	f := tokenizerJSON{Version: "1.0", PreTokenizer: json.RawMessage(wordPieces), Decoder: json.RawMessage(wordDecoder), Model: model}
	for _, word := range []string{EndWord, PadWord} {
		f.Added = append(f.Added, addedToken{ID: t.ids[word], Content: word, Special: true})
	}
	files := map[string][]byte{}
	for name, content := range map[string]any{
		tokenizerFile: f,
		tokenizerConfig: map[string]any{"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": EndWord, "pad_token": PadWord,
			"clean_up_tokenization_spaces": false},
		generationFile: map[string]any{"eos_token_id": t.End(), "pad_token_id": t.Pad()},
	} {
		if files[name], err = indented(content); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// parseWords takes back what files wrote, also through other programs, nothing else: another cut of the text into words would give
// other tokens. A post-processor only adds tokens that the text does not hold, which Encode never does.
func parseWords(f *tokenizerJSON) (*Words, error) {
	bad := func(what string, args ...any) error {
		return lab.Errorf(lab.Invalid, tokenizerFile+": "+what, args...).
			WithHint("use a word tokenizer that Loci wrote; of others, byte-pair tokenizers are read")
	}
	var m wordLevel
	if err := json.Unmarshal(f.Model, &m); err != nil {
		return nil, bad("%w", err)
	}
	if !sameJSON(f.PreTokenizer, wordPieces) || !sameJSON(f.Normalizer, "null") {
		return nil, bad("a word-level tokenizer that does not cut texts at single blanks and line ends alone")
	}
	words := make([]string, len(m.Vocab))
	for word, id := range m.Vocab {
		if id < 0 || int(id) >= len(words) || words[id] != "" {
			return nil, bad("word %s has id %d, want each of 0 to %d once", quote(word), id, len(words)-1)
		}
		words[id] = word
	}
	first := reserved()
	if len(words) < len(first) || !slices.Equal(words[:len(first)], first) {
		return nil, bad("the first words are %q, want %q", words[:min(len(words), len(first))], first)
	}
	return NewWords(words[len(first):])
}

// sameJSON compares values, whatever their white space and the order of their fields. Nothing is null.
func sameJSON(got json.RawMessage, want string) bool {
	var a, b any
	if len(got) == 0 {
		got = json.RawMessage("null")
	}
	return json.Unmarshal(got, &a) == nil && json.Unmarshal([]byte(want), &b) == nil && reflect.DeepEqual(a, b)
}
