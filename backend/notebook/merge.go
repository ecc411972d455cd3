package notebook

import (
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// MergeError is the cause of a conflict that Merge cannot settle.
type MergeError struct {
	Cells []string // ids in ours, or in base where ours deleted them; "front" for the front matter
}

func (e *MergeError) Error() string { return "changed on both sides: " + strings.Join(e.Cells, ", ") }

// Merge joins two edits of one text: ours in the interface, theirs in the file that was changed outside. Cells that only one side
// changed, added, deleted or moved come from that side. Cells that both sides changed differently are a conflict: a lab.Error with a
// *MergeError that lists them.
func Merge(base, ours, theirs *Document) (*Document, error) {
	front, clash := mergeFront(base, ours, theirs)
	a, b := alignTo(base, ours), alignTo(base, theirs)
	var out []piece
	for i := -1; i < len(base.Cells); i++ {
		if i >= 0 {
			p, ok := mergeCell(base.Cells[i], a.kept[i], b.kept[i])
			if !ok {
				clash = append(clash, idOf(base.Cells[i], a.kept[i]))
			} else if p != nil {
				out = append(out, *p)
			}
		}
		added, ok := mergeAdded(a.added[i+1], b.added[i+1])
		if !ok {
			for _, c := range a.added[i+1] {
				clash = append(clash, c.ID)
			}
		}
		out = append(out, added...)
	}
	if len(clash) > 0 {
		err := lab.Errorf(lab.Conflict, "%s was changed here and outside, in the same cells: %s", ours.File, strings.Join(clash, ", ")).
			WithHint("keep one of the two versions of each cell")
		err.Err = &MergeError{clash}
		return nil, err
	}
	merged := *ours
	merged.Front.raw, merged.Front.gap, merged.lead = front.raw, front.gap, ""
	return whole(ours.again(joined(&merged, separated(&merged, out))), out)
}

// whole makes sure that no cell of the result swallowed another, as one without its closing fence would.
func whole(d *Document, ps []piece) (*Document, error) {
	texts := fenced(d)
	for _, p := range ps {
		if f, ok := fenceOf(p.raw[:strings.IndexByte(p.raw+"\n", '\n')]); !ok || !isCell(f) {
			continue
		}
		if len(texts) == 0 || !sameLine(texts[0], p.raw) {
			return nil, spills()
		}
		texts = texts[1:]
	}
	return d, nil
}

func isCell(f fence) bool {
	_, ok := f.cell()
	return ok
}

// separated gives every cell but the last a blank line behind it where its side had it at the end of the file.
func separated(d *Document, ps []piece) []piece {
	for i := range ps {
		if i == len(ps)-1 || ps[i].gap != "" {
			continue
		}
		if !strings.HasSuffix(ps[i].raw, "\n") {
			ps[i].gap = eol(d)
		}
		ps[i].gap += eol(d)
	}
	return ps
}

type frontText struct{ raw, gap string }

func mergeFront(base, ours, theirs *Document) (frontText, []string) {
	text := func(d *Document) frontText { return frontText{d.Front.raw, d.Front.gap + d.lead} }
	o, a, b := text(base), text(ours), text(theirs)
	switch {
	case a == b || b.raw == o.raw:
		return a, nil
	case a.raw == o.raw:
		return b, nil
	}
	return a, []string{"front"}
}

// aligned says what became of each cell of the base on one side.
type aligned struct {
	kept  []*Cell  // nil: deleted
	added [][]Cell // added[i]: new cells before base cell i; the last entry: at the end
}

// alignTo pairs the cells of a side with those of the base: equal texts first, as many as keep their order; then, between those, cells
// of the same id, or of the same kind where the counts agree.
func alignTo(base, side *Document) aligned {
	out := aligned{make([]*Cell, len(base.Cells)), make([][]Cell, len(base.Cells)+1)}
	i, j := 0, 0
	for _, m := range append(common(base.Cells, side.Cells), [2]int{len(base.Cells), len(side.Cells)}) {
		pair(base.Cells, side.Cells, i, m[0], j, m[1], &out)
		if m[0] < len(base.Cells) {
			out.kept[m[0]] = &side.Cells[m[1]]
		}
		i, j = m[0]+1, m[1]+1
	}
	return out
}

// maxTable bounds the table of common, in entries; beyond it cells are paired by id alone.
const maxTable = 1 << 22

// common finds the longest row of cells with equal text in both lists. Equal ends need no table.
func common(a, b []Cell) [][2]int {
	var head, tail [][2]int
	for len(a) > 0 && len(b) > 0 && a[0].raw == b[0].raw {
		head = append(head, [2]int{len(head), len(head)})
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1].raw == b[len(b)-1].raw {
		a, b = a[:len(a)-1], b[:len(b)-1]
		tail = append(tail, [2]int{len(head) + len(a), len(head) + len(b)})
	}
	slices.Reverse(tail)
	middle := longest(a, b)
	for i := range middle {
		middle[i][0] += len(head)
		middle[i][1] += len(head)
	}
	return slices.Concat(head, middle, tail)
}

// longest is the longest common subsequence by dynamic programming.
func longest(a, b []Cell) [][2]int {
	if len(a)*len(b) > maxTable {
		return nil
	}
	n := make([][]int, len(a)+1)
	for i := range n {
		n[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if n[i][j] = max(n[i+1][j], n[i][j+1]); a[i].raw == b[j].raw {
				n[i][j] = n[i+1][j+1] + 1
			}
		}
	}
	var out [][2]int
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i].raw == b[j].raw:
			out = append(out, [2]int{i, j})
			i, j = i+1, j+1
		case n[i+1][j] >= n[i][j+1]:
			i++
		default:
			j++
		}
	}
	return out
}

// pair matches the changed cells of one gap: base cells i to iEnd with side cells j to jEnd.
func pair(base, side []Cell, i, iEnd, j, jEnd int, out *aligned) {
	for ; j < jEnd; j++ {
		found := -1
		for k := i; k < iEnd && found < 0; k++ {
			if side[j].ID == base[k].ID || iEnd-i == jEnd-j && k == i && side[j].Kind == base[k].Kind {
				found = k
			}
		}
		if found < 0 {
			out.added[i] = append(out.added[i], side[j])
			continue
		}
		out.kept[found] = &side[j]
		i = found + 1
	}
}

// mergeCell settles one cell of the base; nil is a deleted cell.
func mergeCell(base Cell, a, b *Cell) (*piece, bool) {
	same := func(x, y *Cell) bool { return x == nil && y == nil || x != nil && y != nil && sameLine(x.raw, y.raw) }
	pick := b
	switch {
	case same(a, b) || same(&base, b):
		pick = a
	case !same(&base, a):
		return nil, false
	}
	if pick == nil {
		return nil, true
	}
	return &piece{pick.raw, pick.gap}, true
}

// mergeAdded settles what both sides put in the same place: equal additions count once.
func mergeAdded(a, b []Cell) ([]piece, bool) {
	if len(a) == 0 {
		a = b
	} else if len(b) > 0 && !slices.EqualFunc(a, b, func(x, y Cell) bool { return sameLine(x.raw, y.raw) }) {
		return nil, false
	}
	var out []piece
	for _, c := range a {
		out = append(out, piece{c.raw, c.gap})
	}
	return out, true
}

func idOf(base Cell, ours *Cell) string {
	if ours != nil {
		return ours.ID
	}
	return base.ID
}
