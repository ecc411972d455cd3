package catalog_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/catalog"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/schema"
)

func memorySetup(t *testing.T, kind string) lab.Setup {
	t.Helper()
	raw, err := schema.Resolve(schema.Section{Name: mem.Section, Kinds: mem.Kinds()}, kind, nil, "fast")
	if err != nil {
		t.Fatal(err)
	}
	return lab.Setup{Sections: map[string]json.RawMessage{mem.Section: raw}}
}

// lived is a memory of that kind with experiences in it, and what stands in its bank.
func lived(t *testing.T, setup lab.Setup) (mem.Memory, []lab.Entry) {
	t.Helper()
	m, err := mem.Open(setup, mem.Env{Embed: mem.NewHashed(64)})
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range []string{"clean mug : sink works", "clean pan : sink works", "heat egg : stove fails", "store metal bowl : drawer fails", "clean mug : stove fails"} {
		e := lab.Experience{Kind: lab.OneTask, Key: strings.Split(text, " :")[0], Text: text, Source: fmt.Sprint("episode ", i), When: int64(i + 1), Scored: true, Success: i < 2}
		if err := m.Write(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	entries := []lab.Entry{}
	for _, e := range m.Banks()[0].All() {
		entries = append(entries, *e)
	}
	return m, entries
}

func TestAskingABankReadsWhatItsMemoryWouldRead(t *testing.T) {
	for _, kind := range []string{"memrl", "embedding", "bm25", "hybrid", "last-n", "generative-agents", "mem0"} {
		setup := memorySetup(t, kind)
		m, entries := lived(t, setup)
		want, err := m.Read(t.Context(), mem.Query{Text: "clean mug", Now: 5})
		if err != nil {
			t.Fatal(err)
		}
		got, err := catalog.Ask(t.Context(), setup, m.Banks()[0].Name, entries, "clean mug")
		if err != nil {
			t.Fatal(err)
		}
		if !got.Own || got.Note != "" || len(want.Hits) == 0 || !reflect.DeepEqual(got.Hits, want.Hits) {
			t.Errorf("%s: own %v, note %q\n got %+v\nwant %+v", kind, got.Own, got.Note, got.Hits, want.Hits)
		}
		again, err := catalog.Ask(t.Context(), setup, m.Banks()[0].Name+" of another life", entries, "clean mug")
		if err != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("%s: a bank of another name answers %+v, %v", kind, again, err)
		}
	}
}

func TestAskingSaysWhenItSearchesByWordsInstead(t *testing.T) {
	_, entries := lived(t, memorySetup(t, "memrl"))
	for i := range entries {
		entries[i].Vector = []lab.Float{0.6, 0.8} // a model made these
	}
	for name, setup := range map[string]lab.Setup{
		"made by a model":     memorySetup(t, "memrl"),
		"only inside its run": {Sections: map[string]json.RawMessage{mem.Section: json.RawMessage(`{"kind":"own-of-a-paper"}`)}},
	} {
		given := entries
		if name == "only inside its run" {
			_, given = lived(t, memorySetup(t, "bm25"))
		}
		got, err := catalog.Ask(t.Context(), setup, "cases", given, "clean mug")
		if err != nil || got.Own || !strings.Contains(got.Note, name) || len(got.Hits) != 3 || got.Hits[0].Score < got.Hits[1].Score || !got.Hits[0].Used {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if _, err := catalog.Ask(t.Context(), lab.Setup{}, "cases", entries, " "); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("an empty situation gives %v", err)
	}
}
