package stats

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/loci-lab/loci/backend/lab"
)

// Limits of an expression. What a person writes stays far below them.
const (
	longest = 8 << 10 // bytes
	deepest = 64      // parentheses, calls and signs within each other
)

// SyntaxError is the cause of every error that ParseExpr and ParseBound return: where in the text, what stands there, what may.
type SyntaxError struct {
	Offset int      // byte
	Value  string   // the offending piece of text, "" at the end
	Legal  []string // what may stand there, in the order in which a person meets it
}

func (e *SyntaxError) Error() string { return "at byte " + strconv.Itoa(e.Offset) }

type tokenKind int

const (
	tokEnd    tokenKind = iota
	tokName             // letters, digits and _ with . - + / inside; or anything in single quotes
	tokNumber           // 3, 0.5, 1e6
	tokMark             // + - * / ( ) [ ] , < <= > >= =
)

type token struct {
	kind   tokenKind
	text   string // the name without quotes
	num    float64
	at     int // byte offset
	quoted bool
}

// shown is the token as an error message quotes it.
func (t token) shown() string {
	if t.kind == tokEnd {
		return "end"
	}
	return strconv.Quote(t.text)
}

// lex cuts the text into tokens; the last is the end.
func lex(text string) ([]token, error) {
	if len(text) > longest {
		return nil, syntax(longest, "", nil, "the expression has %d bytes, want at most %d", len(text), longest)
	}
	var out []token
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		if unicode.IsSpace(r) {
			at += size
			continue
		}
		t, err := next(text, at, r)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
		at = t.at + t.width(text)
	}
	return append(out, token{kind: tokEnd, at: len(text)}), nil
}

// width is the number of bytes that the token takes in the text.
func (t token) width(text string) int {
	if t.quoted {
		_, width, _ := unquote(text[t.at:])
		return width
	}
	return len(t.text)
}

// next reads the token that begins at a byte which is no space.
func next(text string, at int, r rune) (token, error) {
	switch {
	case r >= '0' && r <= '9' || r == '.':
		return lexNumber(text, at)
	case r == '\'':
		name, _, ok := unquote(text[at:])
		if !ok || name == "" {
			return token{}, syntax(at, text[at:], nil, "the quoted name %q does not end or is empty", clip(text[at:]))
		}
		return token{kind: tokName, text: name, at: at, quoted: true}, nil
	case nameStart(r):
		return token{kind: tokName, text: text[at : at+nameLength(text[at:])], at: at}, nil
	}
	for _, mark := range []string{"<=", ">=", "+", "-", "*", "/", "(", ")", "[", "]", ",", "<", ">", "="} {
		if strings.HasPrefix(text[at:], mark) {
			return token{kind: tokMark, text: mark, at: at}, nil
		}
	}
	return token{}, syntax(at, string(r), nil, "the character %q has no meaning here", string(r)).
		WithHint("put a name with unusual characters in single quotes")
}

func lexNumber(text string, at int) (token, error) {
	end := at
	digits := func() {
		for end < len(text) && text[end] >= '0' && text[end] <= '9' {
			end++
		}
	}
	digits()
	if end < len(text) && text[end] == '.' {
		end++
		digits()
	}
	if mark := end; end < len(text) && (text[end] == 'e' || text[end] == 'E') {
		end++
		if end < len(text) && (text[end] == '+' || text[end] == '-') {
			end++
		}
		exponent := end
		if digits(); end == exponent {
			end = mark // the e begins a name, which is an error that the parser explains better
		}
	}
	num, err := strconv.ParseFloat(text[at:end], 64)
	if err != nil {
		return token{}, syntax(at, text[at:end], nil, "%q is no number", text[at:end])
	}
	return token{kind: tokNumber, text: text[at:end], num: num, at: at}, nil
}

// unquote reads a name in single quotes; a quote inside is written twice.
func unquote(text string) (name string, width int, ok bool) {
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		if text[i] != '\'' {
			b.WriteByte(text[i])
			continue
		}
		if i+1 < len(text) && text[i+1] == '\'' {
			b.WriteByte('\'')
			i++
			continue
		}
		return b.String(), i + 1, true
	}
	return "", len(text), false
}

// quoteName writes a name so that lex reads it back.
func quoteName(name string) string {
	if r, _ := utf8.DecodeRuneInString(name); nameStart(r) && nameLength(name) == len(name) {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", "''") + "'"
}

func nameStart(r rune) bool { return r == '_' || unicode.IsLetter(r) }

func nameInside(r rune) bool { return nameStart(r) || unicode.IsDigit(r) }

// nameLength is the length of the name at the start of the text. One of . - + / belongs to it when it has letters or digits at both
// sides: a bare name is never an operand, so that "last-value" cannot be a difference.
func nameLength(text string) int {
	end := 0
	for i, r := range text {
		switch {
		case nameInside(r):
			end = i + utf8.RuneLen(r)
		case strings.ContainsRune(".-+/", r) && i == end && i > 0:
			if after, _ := utf8.DecodeRuneInString(text[i+1:]); !nameInside(after) {
				return end
			}
			end = i + 1
		default:
			return end
		}
	}
	return end
}

// syntax makes an error with its place. The offset stands in the message too, since an expression has one line.
func syntax(at int, value string, legal []string, format string, args ...any) *lab.Error {
	err := lab.Errorf(lab.Invalid, format, args...)
	err.Msg = "byte " + strconv.Itoa(at) + ": " + err.Msg
	if len(legal) > 0 {
		err.Msg += ", want one of " + strings.Join(legal, ", ")
		if close := nearest(value, legal); close != "" {
			err.Hint = "write " + close
		}
	}
	err.Err = &SyntaxError{Offset: at, Value: clip(value), Legal: legal}
	return err
}

func clip(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > most-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
		cut-- // text that is no UTF-8 may have no start of a rune at all
	}
	return s[:cut] + "..."
}

// nearest returns the legal name that needs the fewest changes to become the given one, "" when none is near.
func nearest(name string, legal []string) string {
	best, least := "", 1+max(1, (len(name)+2)/3)
	for _, l := range legal {
		if d := distance(name, l); d < least {
			best, least = l, d
		}
	}
	return best
}

// distance counts the letters to insert, delete or replace (Levenshtein, 1966).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
