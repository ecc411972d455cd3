package llm_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
)

var _ llm.Tokenizer = (*llm.Words)(nil)

func fruit(t testing.TB) *llm.Words {
	t.Helper()
	w, err := llm.NewWords([]string{"apple", "banana", "cherry", ":", "Ähre"})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestWordsEncodeAndDecodeCanonicalTexts(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		ids  []int32
	}{
		"an empty text has no token":                {"", []int32{}},
		"words of one line":                         {"apple : cherry", []int32{3, 6, 5}},
		"a line end is a word of its own":           {"apple banana\nÄhre", []int32{3, 4, 2, 7}},
		"empty lines, at both ends too":             {"\n\napple\n\n\nbanana\n", []int32{2, 2, 3, 2, 2, 2, 4, 2}},
		"the reserved words can be written as text": {"apple <end>\n<pad>", []int32{3, 0, 2, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			w := fruit(t)
			ids, err := w.Encode(c.text)
			if err != nil || !slices.Equal(ids, c.ids) {
				t.Fatalf("ids %v, %v, want %v", ids, err, c.ids)
			}
			if text, err := w.Decode(ids); err != nil || text != c.text {
				t.Fatalf("text %q, %v, want %q", text, err, c.text)
			}
		})
	}
}

func TestFurtherBlanksDoNotCount(t *testing.T) {
	w := fruit(t)
	ids, err := w.Encode("  apple   banana \n cherry ")
	if text, _ := w.Decode(ids); err != nil || text != "apple banana\ncherry" {
		t.Fatalf("%v gives %q, %v", ids, text, err)
	}
}

func TestAnUnknownWordIsQuotedWithItsPlaceAndTheNearestOne(t *testing.T) {
	_, err := fruit(t).Encode("apple :\n: bananna")
	if !errors.Is(err, &lab.Error{Code: lab.Invalid}) || !strings.Contains(err.Error(), `word 2 of line 2 is "bananna"`) {
		t.Fatal(err)
	}
	if hint := lab.HintOf(err); !strings.Contains(hint, `"banana"`) {
		t.Fatalf("hint %q", hint)
	}
	_, err = fruit(t).Encode("apple\tbanana")
	if err == nil || !strings.Contains(lab.HintOf(err), "apple") {
		t.Fatalf("%v, hint %q", err, lab.HintOf(err))
	}
}

func TestIdsOutsideTheVocabularyAreErrors(t *testing.T) {
	for _, id := range []int32{-1, 8} {
		if _, err := fruit(t).Decode([]int32{3, id}); !errors.Is(err, &lab.Error{Code: lab.Invalid}) {
			t.Errorf("id %d: %v", id, err)
		}
	}
}

func TestWordListsThatCannotBeTokenizersAreRefused(t *testing.T) {
	for name, list := range map[string][]string{
		"no word":           nil,
		"an empty word":     {"a", ""},
		"a blank inside":    {"a b"},
		"a line end":        {"a", "\n"},
		"a word twice":      {"a", "b", "a"},
		"a reserved word":   {"a", "<end>"},
		"one inside a word": {"a", "x<pad>"},
		"not valid UTF-8":   {"a\xff"},
		"an odd blank":      {"a\u2003b"},
		"a tab at the end":  {"a\t"},
	} {
		if _, err := llm.NewWords(list); !errors.Is(err, &lab.Error{Code: lab.Invalid}) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzWords(f *testing.F) {
	f.Add("apple banana\n\nÄhre :", []byte{3, 4, 2, 2, 7})
	f.Add(" <end>\n x", []byte{0, 1, 200})
	f.Fuzz(func(t *testing.T, text string, raw []byte) {
		w := fruit(t)
		if ids, err := w.Encode(text); err == nil {
			once, err := w.Decode(ids)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := w.Encode(once); err != nil || !slices.Equal(again, ids) {
				t.Fatalf("%q: ids %v, then %v, %v", text, ids, again, err)
			}
		}
		ids := make([]int32, len(raw))
		for i, b := range raw {
			ids[i] = int32(b) % int32(w.Size())
		}
		text, err := w.Decode(ids)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := w.Encode(text); err != nil || !slices.Equal(back, ids) {
			t.Fatalf("ids %v are %q and then %v, %v", ids, text, back, err)
		}
	})
}
