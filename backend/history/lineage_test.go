package history_test

import (
	"fmt"
	"testing"

	"github.com/loci-lab/loci/backend/history"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
)

// A note brings 0 and 1. 2 is earned with nothing read. 3 is written with 0 and 2 in the prompt and follows 0; 4 with 3, which it follows;
// 5 with 0 and 2, and follows 2; 6 with 4 and 3, and follows 3. Then 0 and 4 are deleted, and an entry takes the id of none of them.
func descended(t *testing.T) *history.Bank {
	t.Helper()
	k := &keeper{}
	b := mem.NewBank("store", &mem.Log{Emit: k}, nil)
	for i, e := range []lab.Entry{
		{Sources: []string{"note 1"}}, {Sources: []string{"note 1"}}, {},
		{Sources: []string{"0", "2"}, Labels: []string{"a request", "follows 0"}},
		{Sources: []string{"3"}, Labels: []string{"a request", "follows 3"}},
		{Sources: []string{"0", "2"}, Labels: []string{"a request", "follows 2"}},
		{Sources: []string{"4", "3", "3", "9"}, Labels: []string{"a request", "follows 3"}},
	} {
		e.Text = fmt.Sprint("entry ", i)
		if _, err := b.Add(e, "a test wrote it"); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{"0", "4"} {
		if err := b.Delete(id, "purged"); err != nil {
			t.Fatal(err)
		}
	}
	run := history.New()
	for i, ev := range k.events {
		run.Memory(int64(i), ev)
	}
	bank, err := run.Bank("store")
	if err != nil {
		t.Fatal(err)
	}
	return bank
}

func TestTheFamilyOfAnEntryFollowsFromTheRecordAlone(t *testing.T) {
	b := descended(t)
	for _, c := range []struct {
		name, root, mark string
		moment           int
		want             string
	}{
		{"by sources, whatever stood in the prompt", "0", "", 9, "0@0[]gone 3@1[0] 4@2[1]gone 5@1[0] 6@2[1 2]"},
		{"by what each follows", "0", "follows ", 9, "0@0[]gone 3@1[0] 4@2[1]gone 6@2[1]"},
		{"before the later ones were written", "0", "", 5, "0@0[] 3@1[0] 4@2[1]"},
		{"of one from which nothing came", "1", "", 9, "1@0[]"},
		{"of a descendant", "3", "follows ", 9, "3@0[] 4@1[0]gone 6@1[0]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root, _, err := b.Find(c.root, c.moment)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for i, k := range b.Lineage(root, c.moment, c.mark) {
				if i > 0 {
					got += " "
				}
				got += fmt.Sprintf("%s@%d%v", b.Plain(k.Standing).ID, k.Depth, k.Parents)
				if k.Gone {
					got += "gone"
				}
			}
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
