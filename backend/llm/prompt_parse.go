package llm

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/loci-lab/loci/backend/lab"
)

const (
	promptLimit = 1 << 20 // bytes of a file
	headMark    = "---"
	sectionMark = "## "
)

// ParsePrompt reads the text of a prompt's file; the form stands at Prompt. What is wrong is an error of code invalid with the line: no
// head, an unknown key, a section that is none or stands twice, a field that is used and not declared or declared and not used. Line
// ends of other systems are taken as "\n", so that the hash and the rendering are the same everywhere.
func ParsePrompt(name string, text []byte) (*Prompt, error) {
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	p := &promptParser{name: name, prompt: &Prompt{Name: name, hash: hashText(text)}}
	if len(text) > promptLimit || !utf8.Valid(text) {
		return nil, p.bad(1, "it has %d bytes or is no valid UTF-8, want UTF-8 of at most %d bytes", len(text), promptLimit)
	}
	lines := strings.Split(string(text), "\n")
	body, err := p.head(lines)
	if err != nil {
		return nil, err
	}
	if err := p.sections(lines, body); err != nil {
		return nil, err
	}
	return p.prompt, p.used()
}

type promptParser struct {
	name   string
	prompt *Prompt
}

func (p *promptParser) bad(line int, format string, args ...any) *lab.Error {
	return lab.Errorf(lab.Invalid, "prompt %q, line %d: "+format, append([]any{p.name, line}, args...)...)
}

// head reads what stands between the two marks and returns the index of the line behind it.
func (p *promptParser) head(lines []string) (int, error) {
	end := -1
	if lines[0] == headMark {
		end = slices.Index(lines[1:], headMark) + 1
	}
	if end <= 0 {
		return 0, p.bad(1, "it has no head between two lines %q", headMark).WithHint("begin with ---, reader: and fields:, and again ---")
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(strings.Join(lines[1:end], "\n")), &doc); err != nil {
		return 0, p.bad(1, "the head is no YAML: %v", err).WithHint("write reader: WHO and fields: with one NAME: WHAT a line")
	}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return 0, p.bad(2, "the head has no keys, want reader and fields").WithHint("write reader: WHO")
	}
	pairs := doc.Content[0].Content
	for i := 0; i+1 < len(pairs); i += 2 {
		if err := p.key(pairs[i], pairs[i+1]); err != nil {
			return 0, err
		}
	}
	if p.prompt.Reader == "" {
		return 0, p.bad(2, "the head does not say who reads the prompt").WithHint("write reader: WHO")
	}
	return end + 1, nil
}

func (p *promptParser) key(key, value *yaml.Node) error {
	switch {
	case key.Value == "reader" && value.Kind == yaml.ScalarNode && p.prompt.Reader == "":
		p.prompt.Reader = strings.TrimSpace(value.Value)
		return nil
	case key.Value == "fields" && value.Kind == yaml.MappingNode && p.prompt.Fields == nil:
		return p.fields(value.Content)
	case key.Value == "reader" || key.Value == "fields":
		return p.bad(key.Line+1, "%q has another form than it should, or stands twice", key.Value).WithHint("write reader: WHO, and fields: with one NAME: WHAT a line below it")
	}
	return p.bad(key.Line+1, "key %s is unknown, want one of %q", quote(key.Value), []string{"reader", "fields"}).WithHint("mend or remove that line")
}

func (p *promptParser) fields(pairs []*yaml.Node) error {
	for i := 0; i+1 < len(pairs); i += 2 {
		name, doc := pairs[i], pairs[i+1]
		switch {
		case fieldPattern().FindString("{{"+name.Value+"}}") != "{{"+name.Value+"}}":
			return p.bad(name.Line+1, "%s is no name of a field, want letters a-z, digits and _, a letter first", quote(name.Value)).WithHint("choose a name such as question")
		case doc.Kind != yaml.ScalarNode || strings.TrimSpace(doc.Value) == "":
			return p.bad(name.Line+1, "field %q does not say what it holds", name.Value).WithHint("write %s: WHAT", name.Value)
		case p.prompt.Takes(name.Value):
			return p.bad(name.Line+1, "field %q stands twice", name.Value).WithHint("remove one of the two")
		}
		p.prompt.Fields = append(p.prompt.Fields, PromptField{name.Value, strings.TrimSpace(doc.Value)})
	}
	return nil
}

// fieldPattern finds what looks like a field, with whatever stands in its braces.
func fieldPattern() *regexp.Regexp { return regexp.MustCompile(`\{\{([a-z][a-z0-9_]*)\}\}`) }

// sections reads the body, from that line on.
func (p *promptParser) sections(lines []string, from int) error {
	begin, role := -1, ""
	for i := from; i <= len(lines); i++ {
		next := ""
		if i < len(lines) {
			if next, _ = strings.CutPrefix(lines[i], sectionMark); next != System && next != User || !strings.HasPrefix(lines[i], sectionMark) {
				if role == "" && strings.TrimSpace(lines[i]) != "" {
					return p.bad(i+1, "%s stands before the first section, want %q or %q", quote(lines[i]), sectionMark+System, sectionMark+User).
						WithHint("begin with a line %s%s", sectionMark, System)
				}
				continue
			}
		}
		if role != "" {
			if err := p.section(role, begin, strings.Join(lines[begin:i], "\n")); err != nil {
				return err
			}
		}
		begin, role = i+1, next
	}
	if len(p.prompt.parts) == 0 || p.prompt.parts[len(p.prompt.parts)-1].role != User {
		return p.bad(len(lines), "there is no section %q at the end", sectionMark+User).WithHint("write a line %s%s and what is asked", sectionMark, User)
	}
	return nil
}

// section adds one; line is the index of its first line.
func (p *promptParser) section(role string, line int, text string) error {
	for _, part := range p.prompt.parts {
		if part.role == role || part.role == User {
			return p.bad(line, "section %q stands behind %q, want %q at most once and then %q once", role, part.role, System, User).WithHint("join or remove one of them")
		}
	}
	line += strings.Count(text[:len(text)-len(strings.TrimLeft(text, " \t\n"))], "\n")
	text = strings.TrimSpace(text)
	if text == "" {
		return p.bad(line, "section %q is empty", role).WithHint("write what is asked, or remove the section")
	}
	part := promptPart{role: role}
	from := 0
	for _, at := range fieldPattern().FindAllStringSubmatchIndex(text, -1) {
		part.texts = append(part.texts, text[from:at[0]])
		part.names = append(part.names, text[at[2]:at[3]])
		from = at[1]
	}
	part.texts = append(part.texts, text[from:])
	if err := p.literals(part, line); err != nil {
		return err
	}
	p.prompt.parts = append(p.prompt.parts, part)
	return nil
}

// literals refuses braces that are no field and fields that are not declared.
func (p *promptParser) literals(part promptPart, line int) error {
	for i, text := range part.texts {
		if before, after, ok := strings.Cut(text, "{{"); ok {
			return p.bad(line+1+strings.Count(before, "\n"), "%s begins no field, want {{NAME}} with one of %q", quote("{{"+after), p.prompt.names()).
				WithHint("write the name in two pairs of braces without blanks")
		}
		line += strings.Count(text, "\n")
		if i < len(part.names) && !p.prompt.Takes(part.names[i]) {
			return p.bad(line+1, "field %q is not in the head, which has %q", part.names[i], p.prompt.names()).WithHint("%s", nearestField(part.names[i], p.prompt.names()))
		}
	}
	return nil
}

// used refuses fields that stand in the head alone: a value that nobody reads is a mistake.
func (p *promptParser) used() error {
	for _, f := range p.prompt.Fields {
		if !slices.ContainsFunc(p.prompt.parts, func(part promptPart) bool { return slices.Contains(part.names, f.Name) }) {
			return lab.Errorf(lab.Invalid, "prompt %s: field %q is declared and used in no section", strconv.Quote(p.name), f.Name).WithHint("write {{%s}}, or take it out of the head", f.Name)
		}
	}
	return nil
}
