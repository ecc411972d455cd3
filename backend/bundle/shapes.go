package bundle

import "bytes"

// shape is how a kind of key looks: a marker and at least so many characters of a class behind it. Markers are searched for as they
// stand, which is as fast as memory; only behind one are characters counted.
type shape struct {
	kind   string
	marker string
	least  int
	word   func(byte) bool
}

func alnum(c byte) bool  { return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func upper(c byte) bool  { return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' }
func wordy(c byte) bool  { return alnum(c) || c == '_' || c == '-' }
func bearer(c byte) bool { return wordy(c) || c == '.' || c == '~' || c == '+' || c == '/' || c == '=' }

// shapes lists the keys that services give out, as their documentation describes them.
func shapes() []shape {
	return []shape{
		{"key of a model service (sk-)", "sk-", 20, wordy},
		{"key of a model service (gsk_)", "gsk_", 30, alnum},
		{"key of a model service (xai-)", "xai-", 30, alnum},
		{"key of a training service (tml-)", "tml-", 20, wordy},
		{"key of a payment service", "sk_live_", 16, alnum},
		{"key of a payment service", "rk_live_", 16, alnum},
		{"GitHub token", "ghp_", 30, alnum},
		{"GitHub token", "gho_", 30, alnum},
		{"GitHub token", "ghu_", 30, alnum},
		{"GitHub token", "ghs_", 30, alnum},
		{"GitHub token", "ghr_", 30, alnum},
		{"GitHub token", "github_pat_", 22, wordy},
		{"GitLab token", "glpat-", 20, wordy},
		{"AWS access key", "AKIA", 16, upper},
		{"AWS access key", "ASIA", 16, upper},
		{"Hugging Face token", "hf_", 30, alnum},
		{"Slack token", "xoxb-", 10, wordy},
		{"Slack token", "xoxp-", 10, wordy},
		{"Slack token", "xoxa-", 10, wordy},
		{"Slack token", "xoxr-", 10, wordy},
		{"Slack token", "xoxs-", 10, wordy},
		{"Slack address that takes messages", "hooks.slack.com/services/", 20, bearer},
		{"Google key", "AIza", 35, wordy},
		{"Google token", "ya29.", 20, wordy},
		{"age key", "AGE-SECRET-KEY-1", 50, upper},
		{"npm token", "npm_", 36, alnum},
		{"PyPI token", "pypi-AgE", 40, wordy},
		{"Docker token", "dckr_pat_", 20, wordy},
		{"Replicate token", "r8_", 37, alnum},
		{"Bearer token", "Bearer ", 20, bearer},
		{"Bearer token", "bearer ", 20, bearer},
		{"password of a web address", "Authorization: Basic ", 8, bearer},
	}
}

// keyShape finds the first key by its shape; at is -1 where there is none.
func keyShape(all []shape, text []byte) (kind string, at int) {
	kind, at = "", -1
	for _, s := range all {
		if i := s.find(text); i >= 0 && (at < 0 || i < at) {
			kind, at = s.kind, i
		}
	}
	if i := pem(text); i >= 0 && (at < 0 || i < at) {
		kind, at = "private key (PEM)", i
	}
	if i := signed(text); i >= 0 && (at < 0 || i < at) {
		kind, at = "signed token (JWT)", i
	}
	return kind, at
}

func (s shape) find(text []byte) int {
	for from := 0; ; {
		i := bytes.Index(text[from:], []byte(s.marker))
		if i < 0 {
			return -1
		}
		i += from
		end := i + len(s.marker)
		n := run(text[end:], s.word)
		if n >= s.least && (i == 0 || !wordy(text[i-1])) && mixed(text[end:end+n]) {
			return i
		}
		from = end
	}
}

// mixed tells a key from words joined by dashes and from a row of equal characters: it has digits, or letters of both cases.
func mixed(b []byte) bool {
	digits, low, high, kinds := false, false, false, [256]bool{}
	n := 0
	for _, c := range b {
		digits = digits || c >= '0' && c <= '9'
		low = low || c >= 'a' && c <= 'z'
		high = high || c >= 'A' && c <= 'Z'
		if !kinds[c] {
			kinds[c] = true
			n++
		}
	}
	return n >= 5 && (digits || low && high)
}

func run(b []byte, of func(byte) bool) int {
	n := 0
	for n < len(b) && of(b[n]) {
		n++
	}
	return n
}

func pem(text []byte) int {
	for from := 0; ; {
		i := bytes.Index(text[from:], []byte("-----BEGIN "))
		if i < 0 {
			return -1
		}
		i += from
		if head := text[i:min(len(text), i+80)]; bytes.Contains(head, []byte("PRIVATE KEY-----")) {
			return i
		}
		from = i + 11
	}
}

// signed finds a token of three parts that begins as JSON does: eyJ....eyJ....signature.
func signed(text []byte) int {
	for from := 0; ; {
		i := bytes.Index(text[from:], []byte("eyJ"))
		if i < 0 {
			return -1
		}
		i += from
		head := run(text[i:], wordy)
		rest := text[i+head:]
		if head > 15 && bytes.HasPrefix(rest, []byte(".eyJ")) {
			body := run(rest[1:], wordy)
			if tail := rest[1+body:]; len(tail) > 20 && tail[0] == '.' && run(tail[1:], wordy) >= 20 {
				return i
			}
		}
		from = i + 3
	}
}
