package web

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// prose renders the text cells of notebooks. A notebook may come from anybody: raw HTML is left out, pictures from elsewhere become
// links, links open nothing by themselves and tell nobody where they were followed from.
type prose struct{ md goldmark.Markdown }

func newProse() prose {
	return prose{goldmark.New(
		goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.TaskList),
		goldmark.WithParserOptions(
			parser.WithInlineParsers(util.Prioritized(mathParser{}, 150)),
			parser.WithASTTransformers(util.Prioritized(tame{}, 500)),
		),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(mathRenderer{}, 500))),
	)}
}

// render returns safe HTML; a text that cannot be rendered is shown as it is.
func (p prose) render(source string) string {
	var out bytes.Buffer
	if err := p.md.Convert([]byte(source), &out); err != nil {
		return "<pre>" + string(util.EscapeHTML([]byte(source))) + "</pre>"
	}
	return out.String()
}

// tame changes the parsed text: links get their rel and target, pictures become links, since no remote content is loaded.
type tame struct{}

func (tame) Transform(doc *ast.Document, reader text.Reader, _ parser.Context) {
	var pictures []*ast.Image
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			foreign(n, string(n.Destination))
		case *ast.AutoLink:
			foreign(n, string(n.URL(reader.Source())))
		case *ast.Image:
			if !bytes.HasPrefix(n.Destination, []byte("data:image/")) {
				pictures = append(pictures, n)
			}
		}
		return ast.WalkContinue, nil
	})
	for _, n := range pictures {
		asLink(n)
	}
}

// foreign marks a link that leaves the page.
func foreign(n ast.Node, to string) {
	if strings.HasPrefix(to, "#") || (strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//")) {
		return
	}
	n.SetAttributeString("rel", []byte("noopener noreferrer nofollow"))
	n.SetAttributeString("target", []byte("_blank"))
}

func asLink(n *ast.Image) {
	link := ast.NewLink()
	link.Destination, link.Title = n.Destination, n.Title
	for c := n.FirstChild(); c != nil; {
		next := c.NextSibling()
		link.AppendChild(link, c)
		c = next
	}
	if link.ChildCount() == 0 {
		link.AppendChild(link, ast.NewString([]byte("picture")))
	}
	foreign(link, string(n.Destination))
	n.Parent().ReplaceChild(n.Parent(), n, link)
}

// mathKind is a formula between dollar signs. It stays readable text; the page only sets it apart.
var mathKind = ast.NewNodeKind("Math")

type mathNode struct {
	ast.BaseInline
	formula []byte
	display bool
}

func (n *mathNode) Kind() ast.NodeKind            { return mathKind }
func (n *mathNode) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

type mathParser struct{}

func (mathParser) Trigger() []byte { return []byte{'$'} }

// Parse reads $...$ within a line, and $$...$$ over lines. A dollar sign with a space behind it, or with a digit behind its partner, is
// money and not a formula.
func (mathParser) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, _ := block.PeekLine()
	if bytes.HasPrefix(line, []byte("$$")) {
		return displayed(block)
	}
	rest := line[1:]
	end := bytes.IndexByte(rest, '$')
	if end <= 0 || util.IsSpace(rest[0]) || util.IsSpace(rest[end-1]) {
		return nil
	}
	if after := rest[end+1:]; len(after) > 0 && after[0] >= '0' && after[0] <= '9' {
		return nil
	}
	block.Advance(end + 2)
	return &mathNode{formula: bytes.Clone(rest[:end])}
}

// displayed reads a formula that stands by itself; the paragraph bounds it.
func displayed(block text.Reader) ast.Node {
	at, place := block.Position()
	block.Advance(2)
	var formula []byte
	for {
		line, _ := block.PeekLine()
		if line == nil {
			break
		}
		if end := bytes.Index(line, []byte("$$")); end >= 0 {
			formula = bytes.TrimSpace(append(formula, line[:end]...))
			if len(formula) == 0 {
				break
			}
			block.Advance(end + 2)
			return &mathNode{formula: formula, display: true}
		}
		formula = append(formula, line...)
		block.AdvanceLine()
	}
	block.SetPosition(at, place)
	return nil
}

type mathRenderer struct{}

func (mathRenderer) RegisterFuncs(reg renderer.NodeRendererFuncRegisterer) {
	reg.Register(mathKind, func(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		m, ok := n.(*mathNode)
		if !entering || !ok {
			return ast.WalkContinue, nil
		}
		class := "math"
		if m.display {
			class = "math display"
		}
		_, err := w.WriteString(`<span class="` + class + `">` + string(util.EscapeHTML(m.formula)) + `</span>`)
		return ast.WalkContinue, err
	})
}
