package notebook

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// maxSize bounds what is read as a notebook, in bytes.
const maxSize = 4 << 20

// Parse reads a notebook. The document is never nil and Print gives its bytes back; what is wrong with it is listed in the order of the
// file, all of it, and a cell with a mistake has no Value. file is the name that problems use.
func Parse(file string, src []byte, vocab Vocabulary) (*Document, []Problem) {
	p := &parser{doc: &Document{File: file, vocab: vocab}}
	p.read(string(src))
	p.doc.problems = sorted(p.problems)
	return p.doc, p.doc.Problems()
}

// parser gathers a document and its problems.
type parser struct {
	doc      *Document
	problems []Problem
	ids      map[string]int // id -> line of the cell that has it
	readers  map[string]*cellReader
	late     []func() // checks that need every cell, in the order of the file
}

func (p *parser) read(src string) {
	p.ids, p.readers = map[string]int{}, map[string]*cellReader{}
	if !p.readable(src) {
		p.doc.lead = src
		return
	}
	ls := lines(src)
	from, front := p.front(ls)
	blocks := scan(ls, from)
	p.place(src, blocks)
	p.readFront(front)
	for i, b := range blocks {
		p.readCell(&p.doc.Cells[i], b)
	}
	for _, check := range p.late {
		check()
	}
	p.checkPlans()
	for i := range p.doc.Cells {
		if p.broken(p.doc.Cells[i].ID) {
			p.doc.Cells[i].Value = nil
		}
	}
}

// broken tells whether something is wrong with the cell of that id.
func (p *parser) broken(id string) bool {
	return slices.ContainsFunc(p.problems, func(q Problem) bool { return q.Cell == id })
}

// readable refuses what is no text, at the place where it stops being one.
func (p *parser) readable(src string) bool {
	at, msg, hint := -1, "", ""
	switch {
	case len(src) > maxSize:
		at, msg, hint = 0, fmt.Sprintf("the file has %d bytes, want at most %d", len(src), maxSize), "keep results and data out of the notebook"
	case strings.HasPrefix(src, "\ufeff"):
		at, msg, hint = 0, "the file begins with a byte order mark, want ---", "save the file as UTF-8 without a byte order mark"
	case !utf8.ValidString(src):
		for i, r := range src {
			if _, size := utf8.DecodeRuneInString(src[i:]); r == utf8.RuneError && size == 1 {
				at, msg, hint = i, fmt.Sprintf("byte 0x%02x is no UTF-8 text", src[i]), "save the file as UTF-8"
				break
			}
		}
	case strings.IndexByte(src, 0) >= 0:
		at, msg, hint = strings.IndexByte(src, 0), "a zero byte stands in the text", "delete it, or restore the file from a copy"
	}
	if at < 0 {
		return true
	}
	pos := placeOf(src, at)
	p.problems = append(p.problems, Problem{File: p.doc.File, Line: pos.Line, Column: pos.Column, Msg: msg, Hint: hint})
	return false
}

// placeOf turns an offset into a place.
func placeOf(src string, at int) Pos {
	before := src[:at]
	return Pos{strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1}
}

// front finds the front matter and returns the index of the first line after it.
func (p *parser) front(ls []line) (int, *cellReader) {
	missing := func(msg, hint string) (int, *cellReader) {
		p.problems = append(p.problems, Problem{File: p.doc.File, Line: 1, Column: 1, Msg: msg, Hint: hint})
		return 0, nil
	}
	const hint = "begin the file with the lines ---, loci: 1, title: ..., paper: ..., ---"
	if len(ls) == 0 || strings.TrimRight(ls[0].text, " \r\n") != "---" {
		return missing("the front matter is missing", hint)
	}
	end := slices.IndexFunc(ls[1:], func(l line) bool { return strings.TrimRight(l.text, " \r\n") == "---" }) + 1
	if end == 0 {
		return missing("the front matter has no second ---", "write --- on a line of its own after paper: ...")
	}
	f := &p.doc.Front
	f.body, f.end = len(ls[0].text), ls[end].start
	var text strings.Builder
	for _, l := range ls[:end+1] {
		f.raw += l.text
	}
	for _, l := range ls[1:end] {
		text.WriteString(l.text)
	}
	return end + 1, &cellReader{p: p, text: text.String(), first: 2, fence: Pos{1, 1}}
}

// place fills in the cells but for their values, and shares the blank lines out.
func (p *parser) place(src string, blocks []block) {
	d := p.doc
	next := func(i int) int {
		if i < len(blocks) {
			return blocks[i].start
		}
		return len(src)
	}
	if d.Front.raw != "" {
		d.Front.gap = src[len(d.Front.raw):next(0)]
	} else {
		d.lead = src[:next(0)]
	}
	for i, b := range blocks {
		d.Cells = append(d.Cells, Cell{
			Kind: b.kind, Text: src[b.open:b.close], raw: src[b.start:b.end], gap: src[b.end:next(i+1)], open: b.open - b.start,
			Span: Span{Start: b.start, End: b.end, First: b.line, Last: b.last},
		})
	}
}

// readFront reads the three keys of the front matter; all must be there.
func (p *parser) readFront(c *cellReader) {
	if c == nil {
		return
	}
	root := c.mapping("the front matter")
	if root == nil {
		return
	}
	legal := []string{"loci", "title", "paper"}
	pairs(root, func(key, val *yaml.Node) {
		switch key.Value {
		case "loci":
			c.version(val)
		case "title":
			p.doc.Front.Title = c.oneLine(val, "title")
		case "paper":
			p.doc.Front.Paper = c.oneLine(val, "paper")
			c.paper(val)
		default:
			c.errorf(key, key.Value, nearHint(key.Value, legal), legal, "the front matter has no key %q, want %s", key.Value, oneOf(legal))
		}
	})
	for _, key := range legal {
		if child(root, key) == nil {
			hint := "write " + key + ": " + map[string]string{"loci": "1", "title": "followed by one line", "paper": "followed by " + oneOf(p.doc.vocab.Papers())}[key]
			c.errorf(nil, "", hint, nil, "the front matter has no %s", key)
		}
	}
}

func (c *cellReader) version(val *yaml.Node) {
	c.p.doc.Front.Loci = Version
	if v, _ := value(val); v != int64(Version) {
		c.p.doc.Front.Loci = 0
		c.errorf(val, val.Value, "write loci: 1, or open the file with the version of Loci that wrote it", []string{"1"}, "loci is %s, want 1", describe(val))
	}
}

// oneLine takes any scalar as text: a title may well be a number.
func (c *cellReader) oneLine(val *yaml.Node, key string) string {
	if val.Kind == yaml.ScalarNode && val.Value != "" && !strings.ContainsAny(val.Value, "\r\n") {
		return val.Value
	}
	c.errorf(val, val.Value, "write "+key+": followed by one line of text", nil, "%s is %s, want one line of text", key, describe(val))
	return ""
}

func (c *cellReader) paper(val *yaml.Node) {
	d := c.p.doc
	if d.Front.Paper == "" {
		return
	}
	sections, ok := d.vocab.Sections(d.Front.Paper)
	if !ok {
		legal := d.vocab.Papers()
		c.errorf(val, val.Value, nearHint(val.Value, legal), legal, "paper is %q, want %s", val.Value, oneOf(legal))
		return
	}
	d.sections = sections
}

// readCell gives a cell its kind, id, name and value.
func (p *parser) readCell(cell *Cell, b block) {
	c := &cellReader{p: p, text: cell.Text, first: b.line + 1, fence: Pos{b.line, b.column}}
	if b.kind == Prose {
		cell.ID = p.newID("prose", "", b.line)
		return
	}
	cell.Kind = Kind(b.info)
	known := slices.Contains(FencedKinds(), cell.Kind)
	if !known {
		cell.ID = p.newID("unknown", "", b.line)
	}
	c.id = cell.ID
	switch {
	case !known:
		c.errorf(nil, b.info, nearHint(b.info, kindNames()), kindNames(), "cell kind %q is unknown, want %s", b.info, oneOf(kindNames()))
		return
	case b.column > 1:
		c.errorf(nil, "", "delete the spaces before the fence", nil, "the fence of the %s cell stands in column %d, want 1", b.info, b.column)
	case !b.closed:
		c.errorf(nil, "", "write ``` on a line of its own where the cell ends", nil, "the %s cell that begins here is never closed", b.info)
	}
	// A cell keeps its id while its text is broken only if the name can still be read, so the name comes before everything else.
	cell.Name = nameIn(cell.Kind, cell.Text)
	cell.ID = p.claimID(c, cell.Kind, cell.Name, b.line)
	for i := range p.problems {
		if p.problems[i].Cell == "" && p.problems[i].Line == b.line {
			p.problems[i].Cell = cell.ID
		}
	}
	c.id = cell.ID
	p.readers[c.id] = c
	if b.column == 1 && b.closed {
		before := len(p.problems)
		if v := p.readValue(c, cell.Kind); len(p.problems) == before {
			cell.Value = v
		}
	}
}

// nameIn reads the name of a cell from its line, so that a mistake elsewhere in the cell does not change its id.
func nameIn(kind Kind, text string) string {
	if kind.single() {
		return ""
	}
	for _, l := range lines(text) {
		if rest, ok := strings.CutPrefix(l.text, "name:"); ok {
			var n yaml.Node
			if yaml.Unmarshal([]byte(rest), &n) == nil && len(n.Content) == 1 && n.Content[0].Kind == yaml.ScalarNode {
				return n.Content[0].Value
			}
		}
	}
	return ""
}

// claimID names the cell and reports a kind or a name that was there before.
func (p *parser) claimID(c *cellReader, kind Kind, name string, line int) string {
	base := string(kind)
	if name != "" && legalName.MatchString(name) {
		base += "-" + name
	}
	before, taken := p.ids[base]
	switch {
	case taken && kind.single():
		c.errorf(nil, base, "join the two cells", nil, "a second %s cell, the first stands on line %d", kind, before)
	case taken && base != string(kind):
		c.report(Pos{c.first + nameLine(c.text), 1}, Problem{Msg: fmt.Sprintf("%s %q stands here and on line %d, names are unique", kind, name, before),
			Value: name, Hint: "rename one of the two"})
	}
	if kind.single() || base != string(kind) {
		return p.newID(base, "", line)
	}
	return p.newID(base, "1", line)
}

func nameLine(text string) int {
	return max(0, slices.IndexFunc(lines(text), func(l line) bool { return strings.HasPrefix(l.text, "name:") }))
}

// newID makes an id that no cell has: base where it is free, else base and the next number. Prose and cells without a name are numbered
// from 1.
func (p *parser) newID(base, number string, line int) string {
	id := base
	if base == "prose" || base == "unknown" {
		number = "1"
	}
	if number != "" {
		id = base + "-1"
	}
	for n := 2; ; n++ {
		if _, taken := p.ids[id]; !taken {
			p.ids[id] = line
			return id
		}
		id = fmt.Sprintf("%s-%d", base, n)
	}
}

func (p *parser) readValue(c *cellReader, kind Kind) any {
	root := c.mapping("the " + string(kind) + " cell")
	if root == nil {
		return nil
	}
	switch kind {
	case World, Agent, Memory, RL:
		return c.choice(root, kind)
	case ArmsKind:
		return c.arms(root)
	case CasesKind:
		return c.cases(root)
	case SweepKind:
		return c.sweep(root)
	}
	return c.described(root, kind)
}
