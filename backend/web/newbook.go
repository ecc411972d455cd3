package web

import (
	"cmp"
	"net/http"
	"path"
	"strings"
	"unicode"

	"github.com/loci-lab/loci/backend/catalog"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
)

// notebookNew makes a notebook of the user's own: blank, from a paper's notebook, or from another notebook.
func (s *Server) notebookNew(r *http.Request) (any, error) {
	var req NewRequest
	if err := decode(r, &req); err != nil {
		return nil, err
	}
	doc, name, err := s.beginning(req)
	if err != nil {
		return nil, err
	}
	if title := strings.TrimSpace(req.Title); title != "" {
		state, _, err := notebook.Apply(notebook.NewState(doc), &notebook.SetTitle{Title: title})
		if err != nil {
			return nil, err
		}
		doc, name = state.Doc, cmp.Or(slugOf(title), name)
	}
	at, err := s.notebooks.places.free("", name+suffix, notebook.Print(doc))
	if err != nil {
		return nil, err
	}
	return s.notebooks.read(at.path)
}

// beginning is the text that a new notebook starts with, and the name of its file.
func (s *Server) beginning(req NewRequest) (*notebook.Document, string, error) {
	switch req.From {
	case "copy":
		doc, err := s.notebooks.document(req.Path)
		return doc, strings.TrimSuffix(path.Base(req.Path), suffix), err
	case "paper":
		p, err := catalog.Find(req.Paper)
		if err != nil {
			return nil, "", err
		}
		doc, err := s.notebooks.document(shippedPath(p.Card))
		return doc, p.Card.Slug, err
	case "blank":
		text, err := s.blank(cmp.Or(req.Paper, firstPaper(s.cfg.Vocabulary)))
		if err != nil {
			return nil, "", err
		}
		doc, _ := notebook.Parse("new"+suffix, []byte(text), s.cfg.Vocabulary)
		return doc, "new-notebook", nil
	}
	return nil, "", lab.Errorf(lab.Invalid, "a notebook begins from %q, want one of %q", req.From, []string{"blank", "paper", "copy"})
}

func firstPaper(v notebook.Vocabulary) string {
	if all := v.Papers(); len(all) > 0 {
		return all[0]
	}
	return ""
}

// blank is a notebook with a question to write, the set-up of a paper as it stands by default, and a run.
func (s *Server) blank(paper string) (string, error) {
	sections, ok := s.cfg.Vocabulary.Sections(paper)
	if !ok {
		return "", lab.Errorf(lab.NotFound, "there is no paper %q, want one of %q", paper, s.cfg.Vocabulary.Papers())
	}
	var out strings.Builder
	out.WriteString("---\nloci: 1\ntitle: New notebook\npaper: " + paper + "\n---\n# What do you want to know?\n\nWrite the question here, and what you expect.\n")
	out.WriteString("\n## The set-up\n")
	for _, section := range sections {
		if names := section.Names(); len(names) > 0 {
			out.WriteString("\n```yaml " + section.Name + "\nkind: " + names[0] + "\n```\n")
		}
	}
	out.WriteString("\n```yaml arms\nbase: {}\n```\n\n```yaml run\nseeds: 5\nbudget: fast\ntarget: here\n```\n\n## What came out\n\nWrite what the runs say, once they have.\n")
	return out.String(), nil
}

// slugOf turns a title into the name of a file: words of letters and digits joined by dashes, at most 60 characters.
func slugOf(title string) string {
	words := strings.FieldsFunc(strings.ToLower(title), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	name := strings.Join(words, "-")
	if letters := []rune(name); len(letters) > 60 {
		name = strings.Trim(string(letters[:60]), "-")
	}
	return name
}
