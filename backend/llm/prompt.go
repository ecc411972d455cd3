package llm

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
)

// Prompt is what one role of a paper is asked, as it stands in a file:
//
//	---
//	reader: the agent that answers a question about what was said
//	fields:
//	  text: the memory and the question
//	---
//	## system
//	Answer in one line.
//	## user
//	{{text}}
//
// The head says who reads the prompt and which fields it takes, each with what it holds. The sections are "system", which may be left out,
// and "user"; {{NAME}} stands for a field. White space at the ends of a section does not count, all other counts. A field's value is put
// in as it is: {{ in a value means nothing.
type Prompt struct {
	Name   string
	Reader string
	Fields []PromptField // in the order of the head
	parts  []promptPart
	hash   string
}

// PromptField is a field with what it holds, for people.
type PromptField struct{ Name, Doc string }

// promptPart is a section: literal texts and fields in turn.
type promptPart struct {
	role  string
	texts []string // one more than fields
	names []string
}

// Hash names the prompt by its content: 24 hexadecimal digits of the SHA-256 of its file. A run keeps it, since a prompt moves numbers.
func (p *Prompt) Hash() string { return p.hash }

// Takes tells whether the prompt has a field of that name.
func (p *Prompt) Takes(field string) bool {
	return slices.ContainsFunc(p.Fields, func(f PromptField) bool { return f.Name == field })
}

// Render returns the messages with the values of the fields, which must be those of the prompt, all of them and no other: anything else is
// an error of code invalid that lists them.
func (p *Prompt) Render(values map[string]string) ([]Message, error) {
	if err := p.fits(values); err != nil {
		return nil, err
	}
	messages := make([]Message, len(p.parts))
	for i, part := range p.parts {
		var b strings.Builder
		for j, name := range part.names {
			b.WriteString(part.texts[j])
			b.WriteString(values[name])
		}
		b.WriteString(part.texts[len(part.names)])
		messages[i] = Message{Role: part.role, Text: b.String()}
	}
	return messages, nil
}

func (p *Prompt) fits(values map[string]string) error {
	names := p.names()
	for _, name := range names {
		if _, ok := values[name]; !ok {
			return lab.Errorf(lab.Invalid, "prompt %q: field %q has no value, want values for %q", p.Name, name, names).
				WithHint("give a value for {{%s}}", name)
		}
	}
	if len(values) == len(names) {
		return nil
	}
	var more []string
	for name := range values {
		if !p.Takes(name) {
			more = append(more, name)
		}
	}
	slices.Sort(more)
	return lab.Errorf(lab.Invalid, "prompt %q: field %q is unknown, want %q", p.Name, more[0], names).WithHint("%s", nearestField(more[0], names))
}

func (p *Prompt) names() []string {
	names := make([]string, len(p.Fields))
	for i, f := range p.Fields {
		names[i] = f.Name
	}
	return names
}

func nearestField(name string, names []string) string {
	if near, ok := schema.Nearest(name, names); ok {
		return "write " + near + ", the nearest field"
	}
	return "name the field in the head of the prompt, or leave it out"
}

// ReadPrompts parses every file NAME.md of a folder of prompts, by NAME. A folder without any is an error of code invalid.
func ReadPrompts(dir fs.FS) (map[string]*Prompt, error) {
	files, err := fs.Glob(dir, "*.md")
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "the prompts cannot be listed: %w", err)
	}
	if len(files) == 0 {
		return nil, lab.Errorf(lab.Invalid, "the folder has no prompt, want at least one file NAME.md").WithHint("embed the folder that holds the prompts")
	}
	all := make(map[string]*Prompt, len(files))
	for _, file := range files {
		text, err := fs.ReadFile(dir, file)
		if err != nil {
			return nil, lab.Errorf(lab.Unavailable, "prompt %q cannot be read: %w", file, err)
		}
		name := strings.TrimSuffix(file, ".md")
		if all[name], err = ParsePrompt(name, text); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// hashText is the name of a text by its content.
func hashText(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:12])
}
