package notebook

import (
	"regexp"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// piece is a cell as text, with the blank lines after it.
type piece struct{ raw, gap string }

func pieces(d *Document) []piece {
	out := make([]piece, len(d.Cells))
	for i, c := range d.Cells {
		out[i] = piece{c.raw, c.gap}
	}
	return out
}

// joined puts front matter and cells together. A cell that is not the last must end its line.
func joined(d *Document, ps []piece) string {
	var out strings.Builder
	front := d.Front.raw + d.Front.gap
	if front != "" && !strings.HasSuffix(front, "\n") && len(ps) > 0 {
		front += eol(d)
	}
	out.WriteString(front + d.lead)
	for i, p := range ps {
		text := p.raw + p.gap
		if i < len(ps)-1 && !strings.HasSuffix(text, "\n") {
			text += eol(d)
		}
		out.WriteString(text)
	}
	return out.String()
}

// eol is the line end of the file: that of its first line.
func eol(d *Document) string {
	text := string(Print(d))
	if i := strings.IndexByte(text, '\n'); i > 0 && text[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// inFile gives a text the line ends of the file, and one at its end.
func inFile(d *Document, text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return strings.ReplaceAll(text, "\n", eol(d))
}

// after returns the place behind a cell: 0 for "", the top.
func after(d *Document, id string) (int, error) {
	if id == "" {
		return 0, nil
	}
	if i := d.index(id); i >= 0 {
		return i + 1, nil
	}
	return 0, lab.Errorf(lab.NotFound, "there is no cell %q, want %s", id, oneOf(cellIDs(d))).WithHint("%s", nearHint(id, cellIDs(d)))
}

// put inserts a piece with a blank line on either side; what stood between its neighbours stays behind it.
func put(d *Document, ps []piece, i int, raw string) []piece {
	end := eol(d)
	if !strings.HasSuffix(raw, "\n") {
		raw += end
	}
	p := piece{raw: raw}
	if i > 0 {
		if before := &ps[i-1]; strings.HasSuffix(before.raw, "\n") {
			p.gap, before.gap = before.gap, end
		} else {
			before.gap = end + end
		}
	}
	if i < len(ps) && p.gap == "" {
		p.gap = end
	}
	return slices.Insert(ps, i, p)
}

// take removes a piece; the last one leaves no blank lines behind.
func take(ps []piece, i int) []piece {
	if i > 0 && i == len(ps)-1 {
		ps[i-1].gap = ps[i].gap
	}
	return slices.Delete(ps, i, i+1)
}

func insertCell(d *Document, op *InsertCell) (string, error) {
	i, err := after(d, op.After)
	if err != nil {
		return "", err
	}
	text := inFile(d, op.Text)
	switch {
	case op.Kind == Prose:
		if text = strings.Trim(text, "\r\n"); strings.TrimSpace(text) == "" {
			return "", emptyProse()
		}
	case slices.Contains(FencedKinds(), op.Kind):
		text = "```yaml " + string(op.Kind) + eol(d) + text + "```" + eol(d)
	default:
		legal := append([]string{string(Prose)}, kindNames()...)
		return "", lab.Errorf(lab.Invalid, "cell kind is %q, want %s", op.Kind, oneOf(legal)).WithHint("%s", nearHint(string(op.Kind), legal))
	}
	return joined(d, put(d, pieces(d), i, text)), nil
}

func deleteCell(d *Document, op *DeleteCell) (string, error) {
	return joined(d, take(pieces(d), d.index(op.Cell))), nil
}

func moveCell(d *Document, op *MoveCell) (string, error) {
	from := d.index(op.Cell)
	to, err := after(d, op.After)
	if err != nil {
		return "", err
	}
	if to == from || to == from+1 {
		return string(Print(d)), nil
	}
	if to > from {
		to--
	}
	return joined(d, put(d, take(pieces(d), from), to, d.Cells[from].raw)), nil
}

func setCell(d *Document, op *SetCell) (string, error) {
	i := d.index(op.Cell)
	if d.Cells[i].Kind == Prose {
		return "", lab.Errorf(lab.Invalid, "cell %q is prose, want a cell with fences", op.Cell).WithHint("use set-prose")
	}
	ps := pieces(d)
	ps[i].raw = d.Cells[i].withText(inFile(d, op.Text), eol(d))
	return joined(d, ps), nil
}

// withText returns the source of a fenced cell with another text inside. A cell that was never closed is closed.
func (c Cell) withText(text, end string) string {
	head, tail := c.raw[:c.open], c.raw[c.open+len(c.Text):]
	if !strings.HasSuffix(head, "\n") {
		head += end
	}
	if tail == "" {
		f, _ := fenceOf(head)
		tail = strings.Repeat(string(f.mark), f.length) + end
	}
	return head + text + tail
}

func setProse(d *Document, op *SetProse) (string, error) {
	i := d.index(op.Cell)
	if d.Cells[i].Kind != Prose {
		return "", lab.Errorf(lab.Invalid, "cell %q is of kind %s, want prose", op.Cell, d.Cells[i].Kind).WithHint("use set-cell")
	}
	text := strings.TrimLeft(strings.TrimRight(inFile(d, op.Text), " \t\r\n"), "\r\n")
	if strings.TrimSpace(text) == "" {
		return "", emptyProse()
	}
	ps := pieces(d)
	if old := ps[i].raw; strings.HasSuffix(old, "\n") {
		text += eol(d)
	}
	ps[i].raw = text
	return joined(d, ps), nil
}

func emptyProse() error {
	return lab.Errorf(lab.Invalid, "the text is empty, want some prose").WithHint("use delete-cell to remove the cell")
}

func setSource(d *Document, op *SetSource) (string, error) {
	p := &parser{doc: &Document{File: d.File}}
	if !p.readable(op.Text) {
		return "", p.problems[0].Lab()
	}
	return op.Text, nil
}

// accepted refuses an edit that would change more than it says: text that ends its own fence, opens another, or swallows what follows.
// Prose may join prose.
func accepted(before, after *Document, op Op) error {
	want := fenced(before)
	cell, _, _ := op.target()
	i := before.index(cell)
	at := fencedBefore(before, i)
	switch op := op.(type) {
	case *SetSource:
		return nil
	case *SetTitle:
		return noNewProblem(before, after)
	case *SetField, *SetFields:
		want[at] = after.at(at)
		if err := noNewProblem(before, after); err != nil {
			return err
		}
	case *SetCell:
		want[at] = before.Cells[i].withText(inFile(before, op.Text), eol(before))
	case *DeleteCell:
		if before.Cells[i].Kind != Prose {
			want = slices.Delete(want, at, at+1)
		}
	case *MoveCell:
		return sameSet(want, fenced(after))
	case *InsertCell:
		if op.Kind != Prose {
			to := fencedBefore(before, 1+before.index(op.After))
			want = slices.Insert(want, to, "```yaml "+string(op.Kind)+eol(before)+inFile(before, op.Text)+"```"+eol(before))
		}
	}
	if !sameLine(before.Front.raw, after.Front.raw) || !slices.EqualFunc(want, fenced(after), sameLine) {
		return spills()
	}
	return nil
}

func spills() error {
	return lab.Errorf(lab.Invalid, "the text would end its cell or swallow the next one").
		WithHint("take the lines that begin with ``` or ~~~ out of the text, or close them in it")
}

// sameLine ignores the line end that a last line gets when something follows it.
func sameLine(a, b string) bool { return strings.TrimRight(a, "\r\n") == strings.TrimRight(b, "\r\n") }

func sameSet(a, b []string) error {
	trim := func(s []string) []string {
		for i := range s {
			s[i] = strings.TrimRight(s[i], "\r\n")
		}
		return slices.Sorted(slices.Values(s))
	}
	if !slices.Equal(trim(a), trim(b)) {
		return spills()
	}
	return nil
}

// fenced lists the sources of all cells but prose.
func fenced(d *Document) []string {
	out := []string{}
	for _, c := range d.Cells {
		if c.Kind != Prose {
			out = append(out, c.raw)
		}
	}
	return out
}

// fencedBefore counts the fenced cells before place i.
func fencedBefore(d *Document, i int) int {
	n := 0
	for j := range max(min(i, len(d.Cells)), 0) {
		if d.Cells[j].Kind != Prose {
			n++
		}
	}
	return n
}

// at returns the source of fenced cell i, "" where there are fewer.
func (d *Document) at(i int) string {
	if all := fenced(d); i < len(all) {
		return all[i]
	}
	return ""
}

var lineNumber = regexp.MustCompile(`line \d+`)

// noNewProblem refuses an edit of one field that makes something wrong that was right before.
func noNewProblem(before, after *Document) error {
	known := map[string]int{}
	for _, p := range before.problems {
		known[lineNumber.ReplaceAllString(p.Msg, "line")]++
	}
	for _, p := range after.problems {
		key := lineNumber.ReplaceAllString(p.Msg, "line")
		if known[key]--; known[key] < 0 {
			return &lab.Error{Code: lab.Invalid, Msg: p.Msg, Hint: p.Hint}
		}
	}
	return nil
}
