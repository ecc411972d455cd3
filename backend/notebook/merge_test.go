package notebook

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

// edits applies replacements to the good notebook.
func edits(t *testing.T, pairs ...string) *Document {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(good, pairs[i]) {
			t.Fatalf("the notebook does not hold %q", pairs[i])
		}
	}
	d, _ := Parse("good.md", []byte(strings.NewReplacer(pairs...).Replace(good)), testVocab{})
	return d
}

const (
	claimCell = "```yaml claim\nname: gates\nvalue: last(success, lstm, n5) - last(success, gru, n5)\nholds: \">= 0.2\"\n```\n\n"
	noteCell  = "```yaml note\nname: a\ntext: seen\n```\n\n"
	rlCell    = "```yaml rl\nkind: ppo\nsteps: 1e6\nrate: 3e-4\n```\n\n"
)

func TestMergeJoinsEditsOfDifferentCells(t *testing.T) {
	for _, c := range []struct {
		name         string
		ours, theirs []string
		want         []string
	}{
		{"two knobs of two neighbours", []string{"width: 64", "width: 32"}, []string{"1e6", "2e6"}, []string{"width: 64", "width: 32", "1e6", "2e6"}},
		{"the same edit on both sides", []string{"1e6", "2e6"}, []string{"1e6", "2e6"}, []string{"1e6", "2e6"}},
		{"a new cell here, an edit there", []string{claimCell, claimCell + noteCell}, []string{"1e6", "2e6"}, []string{claimCell, claimCell + noteCell, "1e6", "2e6"}},
		{"a new cell beside the cell that they edit", []string{claimCell, claimCell + noteCell}, []string{"0.2", "0.3"}, []string{claimCell, strings.Replace(claimCell, "0.2", "0.3", 1) + noteCell}},
		{"a deleted cell there, prose here", []string{"The end.", "The very end."}, []string{rlCell, ""}, []string{"The end.", "The very end.", rlCell, ""}},
		{"a title here, prose there", []string{"title: Is", "title: Was"}, []string{"The end.", "An end."}, []string{"title: Is", "title: Was", "The end.", "An end."}},
		{"new prose in front of all there", []string{"width: 64", "width: 32"}, []string{"# Is", "Before.\n\n# Is"}, []string{"width: 64", "width: 32", "# Is", "Before.\n\n# Is"}},
		{"a renamed claim there, another edit here", []string{"1e6", "2e6"}, []string{"name: gates", "name: doors"}, []string{"1e6", "2e6", "name: gates", "name: doors"}},
		{"a moved cell there, an edit of another here", []string{"1e6", "2e6"}, []string{claimCell, "", "The end.\n", "The end.\n\n" + strings.TrimRight(claimCell, "\n") + "\n"},
			[]string{"1e6", "2e6", claimCell, "", "The end.\n", "The end.\n\n" + strings.TrimRight(claimCell, "\n") + "\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			base := edits(t)
			for _, swap := range []bool{false, true} {
				ours, theirs := edits(t, c.ours...), edits(t, c.theirs...)
				if swap {
					ours, theirs = theirs, ours
				}
				got, err := Merge(base, ours, theirs)
				if err != nil {
					t.Fatal(err)
				}
				if want := string(Print(edits(t, c.want...))); string(Print(got)) != want {
					t.Errorf("swapped %v: merged\n%s", swap, diff(want, string(Print(got))))
				}
			}
		})
	}
}

func TestMergeListsTheCellsThatBothChanged(t *testing.T) {
	for _, c := range []struct {
		name         string
		ours, theirs []string
		cells        []string
	}{
		{"one knob", []string{"width: 64", "width: 32"}, []string{"width: 64", "width: 16"}, []string{"agent"}},
		{"two cells", []string{"width: 64", "width: 32", "1e6", "2e6"}, []string{"width: 64", "width: 16", "1e6", "3e6"}, []string{"agent", "rl"}},
		{"deleted here, changed there", []string{rlCell, ""}, []string{"1e6", "3e6"}, []string{"rl"}},
		{"two cells in the same place", []string{claimCell, claimCell + noteCell}, []string{claimCell, claimCell + strings.Replace(noteCell, "seen", "other", 1)}, []string{"note-a"}},
		{"the title", []string{"title: Is", "title: Was"}, []string{"title: Is", "title: Will"}, []string{"front"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Merge(edits(t), edits(t, c.ours...), edits(t, c.theirs...))
			m, ok := errors.AsType[*MergeError](err)
			if !ok || lab.CodeOf(err) != lab.Conflict || !slices.Equal(m.Cells, c.cells) {
				t.Fatalf("error %v, want a conflict in %v", err, c.cells)
			}
		})
	}
}

func TestMergeWithAnUnchangedSideGivesTheOther(t *testing.T) {
	base := edits(t)
	other := edits(t, rlCell, "", "# Is retention enough?", "# Why\n\n## How", claimCell, noteCell+claimCell)
	for _, pair := range [][2]*Document{{base, other}, {other, base}, {other, other}} {
		got, err := Merge(base, pair[0], pair[1])
		if err != nil || string(Print(got)) != string(Print(other)) {
			t.Errorf("merge gives another text (%v)", err)
		}
	}
}
