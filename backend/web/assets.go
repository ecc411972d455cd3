package web

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

// assets serves the built pages. Files are compressed once, at their first request.
type assets struct {
	files fs.FS
	look  func() string // light, dark, or "" for what the system says
	mu    sync.Mutex
	cache map[string]asset
}

// asset is one file as it leaves.
type asset struct {
	kind   string
	plain  []byte
	zipped []byte // nil where it is not worth it
}

func newAssets(files fs.FS) *assets {
	return &assets{files: files, look: func() string { return "" }, cache: map[string]asset{}}
}

// ServeHTTP answers a file of the pages, and index.html for every other path, because the addresses of screens are paths too.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		wrong := "method " + strconv.Quote(r.Method) + " is not answered here, want GET"
		writeError(w, http.StatusMethodNotAllowed, APIError{Code: "invalid", Msg: wrong, Hint: "reload the page"})
		return
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	if f, ok := a.load(name); ok {
		w.Header().Set("Cache-Control", cacheRule(name))
		f.serve(w, r)
		return
	}
	if strings.HasPrefix(name, "assets/") { // never the page in the place of a script: the browser would only say "unexpected <"
		gone := "file " + strconv.Quote(name) + " does not exist"
		writeError(w, http.StatusNotFound, APIError{Code: "not-found", Msg: gone, Hint: "reload the page: Loci was updated"})
		return
	}
	index, ok := a.load("index.html")
	if !ok {
		plainPage(w, http.StatusServiceUnavailable, "Loci was built without its pages",
			"The server runs, but this program holds no front end.",
			"Run `make` in the source folder, or `npm ci && npm run build` in frontend and then `go build -tags embed .`, and start it again.")
		return
	}
	w.Header().Set("Cache-Control", "no-cache")
	if mode := a.look(); mode != "" {
		index = index.painted(mode)
	}
	index.serve(w, r)
}

// painted is the page with its colours fixed from the first paint on; they stand in an attribute, because the policy of the pages takes
// no script between the lines.
func (f asset) painted(mode string) asset {
	body := bytes.Replace(f.plain, []byte("<html "), []byte("<html data-mode=\""+mode+"\" "), 1)
	return asset{kind: f.kind, plain: body, zipped: compressed("index.html", body)}
}

// cacheRule lets browsers keep files whose names carry a hash of their content; Vite puts those into assets/.
func cacheRule(name string) string {
	if strings.HasPrefix(name, "assets/") {
		return "public, max-age=31536000, immutable"
	}
	return "no-cache"
}

func (a *assets) load(name string) (asset, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if f, ok := a.cache[name]; ok {
		return f, true
	}
	if a.files == nil || name == "" {
		return asset{}, false
	}
	body, err := fs.ReadFile(a.files, name)
	if err != nil {
		return asset{}, false
	}
	f := asset{kind: contentType(name, body), plain: body, zipped: compressed(name, body)}
	a.cache[name] = f
	return f, true
}

// contentType does not ask the system's tables, which call scripts text/plain on some machines.
func contentType(name string, body []byte) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".json", ".map":
		return "application/json"
	case ".woff2":
		return "font/woff2"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return http.DetectContentType(body)
}

// compressed returns the gzip form, nil when it saves less than a tenth.
func compressed(name string, body []byte) []byte {
	switch path.Ext(name) {
	case ".png", ".jpg", ".woff2", ".gz":
		return nil
	}
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(body); err != nil || z.Close() != nil || out.Len() > len(body)*9/10 {
		return nil
	}
	return out.Bytes()
}

func (f asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Vary", "Accept-Encoding")
	body := f.plain
	if f.zipped != nil && acceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		body = f.zipped
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // an error here means that the page has gone
	}
}

func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name == "gzip" && strings.ReplaceAll(q, " ", "") != "q=0" {
			return true
		}
	}
	return false
}

// icon stands in where the pages bring none.
const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#035377"/>` +
	`<path d="M5 3v9h6" fill="none" stroke="#fff" stroke-width="2"/></svg>`

// favicon is no secret: browsers ask for it before the login too.
func (a *assets) favicon(w http.ResponseWriter, r *http.Request) {
	f, ok := a.load("favicon.svg")
	if !ok {
		f = asset{kind: "image/svg+xml", plain: []byte(icon)}
	}
	w.Header().Set("Cache-Control", "no-cache")
	f.serve(w, r)
}
