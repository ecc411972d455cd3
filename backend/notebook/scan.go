package notebook

import (
	"strings"
)

// block is a stretch of the file: prose, or one fenced cell.
type block struct {
	kind   Kind
	info   string // second word of the info string
	start  int    // offset of the first byte
	end    int    // offset after the last byte, blank lines not included
	open   int    // offset of the text between the fences; start for prose
	close  int    // offset after that text; end for prose
	line   int    // of the first byte, from 1
	last   int
	closed bool
	column int // of the fence, from 1
}

// line is one line of the file with its end.
type line struct {
	text  string // with its line end
	start int
}

func lines(src string) []line {
	var out []line
	at := 0
	for l := range strings.Lines(src) {
		out = append(out, line{l, at})
		at += len(l)
	}
	return out
}

func (l line) blank() bool { return strings.TrimSpace(l.text) == "" }

// fence is the opening line of a fenced block.
type fence struct {
	mark   byte
	length int
	indent int
	info   string
}

// fenceOf reads a line as the opening of a fenced block (CommonMark 4.5): up to three spaces, three or more marks, an info string that
// holds no backtick where the marks are backticks.
func fenceOf(text string) (fence, bool) {
	rest := strings.TrimLeft(text, " ")
	indent := len(text) - len(rest)
	if indent > 3 || rest == "" || (rest[0] != '`' && rest[0] != '~') {
		return fence{}, false
	}
	info := strings.TrimLeft(rest, rest[:1])
	f := fence{mark: rest[0], length: len(rest) - len(info), indent: indent, info: strings.TrimSpace(info)}
	return f, f.length >= 3 && (f.mark != '`' || !strings.Contains(info, "`"))
}

// closes tells whether a line ends the block that f opened.
func (f fence) closes(text string) bool {
	g, ok := fenceOf(text)
	return ok && g.info == "" && g.mark == f.mark && g.length >= f.length
}

// cell returns the word after yaml, false where the fence is none of ours.
func (f fence) cell() (string, bool) {
	words := strings.Fields(f.info)
	if len(words) < 2 || words[0] != "yaml" {
		return "", false
	}
	return strings.Join(words[1:], " "), true
}

// heading tells whether a line is a heading of prose (CommonMark 4.2): each begins a cell of its own, so that a page can list them.
func heading(text string) bool {
	rest := strings.TrimLeft(text, " ")
	marks := len(rest) - len(strings.TrimLeft(rest, "#"))
	return len(text)-len(rest) <= 3 && marks >= 1 && marks <= 6 && (len(rest) == marks || strings.ContainsAny(rest[marks:marks+1], " \t\r\n"))
}

// scan cuts the lines from the given one on into blocks. Blank lines between blocks belong to none.
func scan(ls []line, from int) []block {
	var blocks []block
	var prose *block
	flush := func() {
		if prose != nil {
			blocks = append(blocks, *prose)
			prose = nil
		}
	}
	for i := from; i < len(ls); i++ {
		l := ls[i]
		f, isFence := fenceOf(l.text)
		info, isCell := f.cell()
		if isFence && isCell {
			flush()
			var b block
			b, i = cellBlock(ls, i, f)
			b.info = info
			blocks = append(blocks, b)
			continue
		}
		if heading(l.text) {
			flush()
		}
		last := i
		if isFence {
			last = endOfFence(ls, i, f)
		}
		prose = grow(prose, ls, i, last)
		i = last
	}
	flush()
	return blocks
}

// grow adds lines i to last to the prose; blank lines count only once something follows them.
func grow(prose *block, ls []line, i, last int) *block {
	if i == last && ls[i].blank() {
		return prose
	}
	if prose == nil {
		prose = &block{kind: Prose, start: ls[i].start, open: ls[i].start, line: i + 1, closed: true, column: 1}
	}
	prose.end = ls[last].start + len(ls[last].text)
	prose.close, prose.last = prose.end, last+1
	return prose
}

// endOfFence returns the line that closes a block of prose code; the last line where nothing does, as in CommonMark.
func endOfFence(ls []line, i int, f fence) int {
	for j := i + 1; j < len(ls); j++ {
		if f.closes(ls[j].text) {
			return j
		}
	}
	return len(ls) - 1
}

// cellBlock reads a fenced cell that begins at line i and returns its last line. Where the closing fence is missing, the cell ends before
// the next fence of a cell or at the end of the file, so that one slip does not swallow the rest.
func cellBlock(ls []line, i int, f fence) (block, int) {
	b := block{start: ls[i].start, open: ls[i].start + len(ls[i].text), line: i + 1, column: f.indent + 1}
	last := i
	for j := i + 1; j < len(ls); j++ {
		if f.closes(ls[j].text) {
			b.close, b.closed = ls[j].start, true
			b.end, b.last = ls[j].start+len(ls[j].text), j+1
			return b, j
		}
		if g, ok := fenceOf(ls[j].text); ok {
			if _, ours := g.cell(); ours {
				break
			}
		}
		last = j
	}
	b.end, b.last = ls[last].start+len(ls[last].text), last+1
	b.close = b.end
	return b, last
}
