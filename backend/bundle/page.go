package bundle

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"html"
	"io"
	"io/fs"
	"slices"

	"github.com/loci-lab/loci/backend/file"
	"github.com/loci-lab/loci/backend/lab"
)

// PageLimit is the size in bytes above which a page holds fewer episodes: browsers open larger files slowly.
const PageLimit = 100 << 20

// Page is one HTML file that opens from disk with the network off. Its data stand in blocks that no browser runs: JSON, compressed by
// gzip and written in base64; the viewer's script reads a block when it is looked at.
type Page struct {
	opt    Options
	hunt   *hunter
	scrub  scrub
	blocks []block
	bytes  int64
}

type block struct {
	id   string
	data []byte
}

// NewPage begins a page.
func NewPage(opt Options) *Page {
	hunt, _ := newHunter(opt.Secrets)
	return &Page{opt: opt, hunt: hunt, scrub: newScrub(opt.Names)}
}

// Bytes is about how large the page is so far, without its script.
func (p *Page) Bytes() int64 { return p.bytes }

// Add puts a value into the page under a name, searched for secrets as it is.
func (p *Page) Add(id string, value any) error {
	text, err := json.MarshalIndent(value, "", "")
	if err != nil {
		return lab.Errorf(lab.Internal, "%s cannot be written: %w", id, err)
	}
	text = p.scrub.text(text)
	p.hunt.lines(id, text)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(text); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	b := block{id: id, data: []byte(base64.StdEncoding.EncodeToString(packed.Bytes()))}
	p.blocks = append(p.blocks, b)
	p.bytes += int64(len(b.data))
	return nil
}

// Write makes the file, whole or not at all. The script is the viewer's, built into this program; the page's policy allows it by its
// hash and nothing else: no other script, no request, no form.
func (p *Page) Write(ctx context.Context, path, title string, script, style []byte) error {
	if len(p.hunt.hits) > 0 {
		return (&SecretsError{Leaks: p.hunt.hits}).Lab()
	}
	title = string(p.scrub.text([]byte(title)))
	if f := p.hunt.look([]byte(title)); len(f) > 0 {
		return (&SecretsError{Leaks: []Leak{{Part: "title", Place: "line 1", Kind: f[0].kind}}}).Lab()
	}
	err := file.ReplaceWith(path, 0o644, func(w io.Writer) error { return p.print(ctx, w, title, script, style) })
	return diskError(err, path)
}

func (p *Page) print(ctx context.Context, w io.Writer, title string, script, style []byte) error {
	script, style = inlineScript(script), inlineStyle(style)
	sum := sha256.Sum256(script)
	policy := "default-src 'none'; script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; style-src 'unsafe-inline'; " +
		"img-src data:; base-uri 'none'; form-action 'none'"
	out := &printer{w: w}
	out.put("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
	out.put(`<meta http-equiv="Content-Security-Policy" content="` + html.EscapeString(policy) + "\">\n")
	out.put("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n")
	out.put("<meta name=\"referrer\" content=\"no-referrer\">\n<link rel=\"icon\" href=\"data:,\">\n")
	out.put("<title>" + html.EscapeString(title) + "</title>\n<style>")
	out.write(style)
	out.put("</style>\n</head>\n<body>\n<div id=\"root\"><p>Opened for reading. Nothing was run.</p></div>\n")
	out.put("<noscript>This page draws its charts with a script of its own; it asks nobody for anything.</noscript>\n")
	for _, b := range p.blocks {
		if err := ctx.Err(); err != nil {
			return err
		}
		out.put(`<script type="application/octet-stream" data-block="` + html.EscapeString(b.id) + `">`)
		out.write(b.data)
		out.put("</script>\n")
	}
	out.put("<script>")
	out.write(script)
	out.put("</script>\n</body>\n</html>\n")
	return out.err
}

// inlineScript keeps the text of a script from ending it: inside strings and patterns a slash may stand escaped.
func inlineScript(b []byte) []byte {
	b = bytes.ReplaceAll(b, []byte("</script"), []byte(`<\/script`))
	return bytes.ReplaceAll(b, []byte("<!--"), []byte(`\x3c!--`))
}

func inlineStyle(b []byte) []byte { return bytes.ReplaceAll(b, []byte("</"), []byte(`<\/`)) }

// printer keeps the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) put(s string) { p.write([]byte(s)) }

func (p *printer) write(b []byte) {
	if p.err == nil {
		_, p.err = p.w.Write(b)
	}
}

// Viewer reads the script and the style of the page from what the front end built.
func Viewer(files fs.FS) (script, style []byte, err error) {
	var errs [2]error
	if files != nil {
		script, errs[0] = fs.ReadFile(files, "report/report.js")
		style, errs[1] = fs.ReadFile(files, "report/report.css")
	}
	if files == nil || errors.Join(errs[:]...) != nil {
		return nil, nil, lab.Errorf(lab.Unavailable, "this program was built without the viewer of shared pages").WithHint("run `make` in the source folder, or share as %s", Suffix)
	}
	return script, style, nil
}

// spread chooses n of all numbers below total, evenly, the first and the last among them.
func spread(n, total int) []int {
	if n >= total {
		n = total
	}
	out := make([]int, 0, n)
	for i := range n {
		at := total - 1
		if n > 1 {
			at = i * (total - 1) / (n - 1)
		}
		out = append(out, at)
	}
	return slices.Compact(out)
}
