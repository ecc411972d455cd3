package app

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/record"
)

func TestTheFamilyOfAnEntryIsPrintedFromItsRecord(t *testing.T) {
	file := filepath.Join(t.TempDir(), "record")
	w, err := record.Create(file, record.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := mem.NewBank("store", &mem.Log{Emit: w, Episode: 7}, nil)
	for _, e := range []lab.Entry{{Text: "foreign"}, {Text: "own"}, {Text: "imitated", Sources: []string{"1", "0"}, Labels: []string{"q", mem.Follows + "0"}},
		{Text: "read beside it", Sources: []string{"0", "1"}, Labels: []string{"q", mem.Follows + "1"}}} {
		if _, err := b.Add(e, "a test wrote it"); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Delete("0", "purged"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for prompts, words := range map[bool][]string{false: {"0 (gone)", "  2", "imitated", "1 entries came of it, 1 of the family stand"}, true: {"read beside it", "2 entries came of it, 2 of the family stand"}} {
		var out bytes.Buffer
		c := &cli{out: &out}
		if err := c.family(file, "", "0", prompts); err != nil {
			t.Fatal(err)
		}
		wantWords(t, out.String(), words...)
	}
	if err := (&cli{out: &bytes.Buffer{}}).family(file, "", "99", false); lab.CodeOf(err) != lab.NotFound {
		t.Errorf("an unknown entry gives %v", err)
	}
}
