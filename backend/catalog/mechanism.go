package catalog

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/loci-lab/loci/backend/lab"
)

// Mechanism is how a paper works, part by part, with the sources that do it.
type Mechanism struct {
	Sheet string `yaml:"sheet"` // what it is read from: the paper's version and sections
	Parts []Part `yaml:"parts"`
}

// Part is one section of a mechanism.
type Part struct {
	Section  string   `yaml:"section"`  // as the paper's sheet calls it
	Source   string   `yaml:"source"`   // section and equations of the paper
	Equation string   `yaml:"equation"` // LaTeX, "" where there is none
	Says     string   `yaml:"says"`     // the same in words
	Code     []string `yaml:"code"`     // FILE SYMBOL, for example "mem/score.go ValueAware.Score"
	Beats    []string `yaml:"beats"`    // what of an episode shows this part: told, read, act, reward, write, change, merge, delete
	Texts    []Code   `yaml:"-"`
}

// Code is a declaration as its file has it, with its comment.
type Code struct {
	File   string
	Symbol string
	Line   int // of its first line in the file
	Text   string
	Marks  []Mark
}

// Mark gives a stretch of a text its kind: comment, keyword, string or number. Places are bytes.
type Mark struct {
	From, To int
	Kind     string
}

// Mechanism reads mechanism.yaml of the paper and the sources that it names. files are the sources, by their paths below backend/.
// Errors: NotFound where the paper has none, Internal where it names what is not there.
func (p Paper) Mechanism(files fs.FS) (Mechanism, error) {
	text, err := fs.ReadFile(files, path.Join(p.Folder, "mechanism.yaml"))
	if err != nil {
		return Mechanism{}, lab.Errorf(lab.NotFound, "paper %q has no description of its mechanism in this build", p.Card.Slug).
			WithHint("read the card and the notebook")
	}
	var m Mechanism
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&m); err != nil {
		return Mechanism{}, lab.Errorf(lab.Internal, "%s/mechanism.yaml: %w", p.Folder, err)
	}
	for i := range m.Parts {
		if err := m.Parts[i].find(files); err != nil {
			return Mechanism{}, lab.Errorf(lab.Internal, "%s/mechanism.yaml, part %q: %w", p.Folder, m.Parts[i].Section, err)
		}
	}
	return m, nil
}

func (p *Part) find(files fs.FS) error {
	for _, place := range p.Code {
		file, symbol, ok := strings.Cut(place, " ")
		if !ok {
			return lab.Errorf(lab.Internal, "%q names no symbol, want FILE SYMBOL", place)
		}
		code, err := declaration(files, file, symbol)
		if err != nil {
			return err
		}
		p.Texts = append(p.Texts, code)
	}
	return nil
}

// declaration cuts a function, a method ("Type.Name") or a type out of a Go file.
func declaration(files fs.FS, file, symbol string) (Code, error) {
	text, err := fs.ReadFile(files, file)
	if err != nil {
		return Code{}, lab.Errorf(lab.NotFound, "file %q does not ship: %w", file, err)
	}
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, file, text, parser.ParseComments)
	if err != nil {
		return Code{}, err
	}
	for _, d := range tree.Decls {
		from, ok := starts(d, symbol)
		if !ok {
			continue
		}
		cut := string(text[set.Position(from).Offset:set.Position(d.End()).Offset])
		return Code{File: file, Symbol: symbol, Line: set.Position(from).Line, Text: cut, Marks: marks(cut)}, nil
	}
	return Code{}, lab.Errorf(lab.NotFound, "file %q declares no %q", file, symbol)
}

// starts tells where a declaration of that name begins, with its comment.
func starts(d ast.Decl, symbol string) (token.Pos, bool) {
	begin := func(doc *ast.CommentGroup, at token.Pos) token.Pos {
		if doc != nil {
			return doc.Pos()
		}
		return at
	}
	switch d := d.(type) {
	case *ast.FuncDecl:
		return begin(d.Doc, d.Pos()), funcName(d) == symbol
	case *ast.GenDecl:
		for _, s := range d.Specs {
			if t, ok := s.(*ast.TypeSpec); ok && t.Name.Name == symbol {
				return begin(d.Doc, d.Pos()), true
			}
		}
	}
	return 0, false
}

func funcName(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return d.Name.Name
	}
	t := d.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if name, ok := t.(*ast.Ident); ok {
		return name.Name + "." + d.Name.Name
	}
	return d.Name.Name
}

// marks finds what a page draws in another colour.
func marks(text string) (all []Mark) {
	set := token.NewFileSet()
	file := set.AddFile("", set.Base(), len(text))
	var s scanner.Scanner
	s.Init(file, []byte(text), nil, scanner.ScanComments)
	for {
		pos, tok, literal := s.Scan()
		if tok == token.EOF {
			return all
		}
		kind := ""
		switch {
		case tok == token.COMMENT:
			kind = "comment"
		case tok.IsKeyword():
			kind, literal = "keyword", tok.String()
		case tok == token.STRING || tok == token.CHAR:
			kind = "string"
		case tok == token.INT || tok == token.FLOAT:
			kind = "number"
		}
		if at := file.Offset(pos); kind != "" {
			all = append(all, Mark{at, at + len(literal), kind})
		}
	}
}

// Beats are what of an episode a part of a mechanism may be about.
func Beats() []string {
	return []string{"told", "read", "act", "reward", "write", "change", "merge", "delete"}
}
