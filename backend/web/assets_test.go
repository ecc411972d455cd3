package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func TestThePagesAreServed(t *testing.T) {
	k := newKit(t)
	cases := []struct {
		name, target     string
		status           int
		kind, cache, has string
	}{
		{"the first page is index.html", "/", 200, "text/html; charset=utf-8", "no-cache", "<title>Loci"},
		{"the address of a screen opens the pages", "/run?key=K", 200, "text/html; charset=utf-8", "no-cache", "<title>Loci"},
		{"so does one with a dot", "/notebook/a.md", 200, "text/html; charset=utf-8", "no-cache", "<title>Loci"},
		{"a file with a hash in its name is kept for ever", "/assets/index-a1.js", 200, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable", "console.log"},
		{"styles have their type", "/assets/index-b2.css", 200, "text/css; charset=utf-8", "public, max-age=31536000, immutable", "margin"},
		{"a file that is gone is not the page", "/assets/index-old.js", 404, "application/json", "no-store", "index-old.js"},
		{"the icon is there", "/favicon.svg", 200, "image/svg+xml", "no-cache", "<svg"},
		{"also under its old name", "/favicon.ico", 200, "image/svg+xml", "no-cache", "<svg"},
		{"an unknown address of the API says so", "/api/none", 404, "application/json", "no-store", "/api/none"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := k.request("GET", "/", "")
			r.URL.Path, r.URL.RawQuery, _ = strings.Cut(c.target, "?")
			res := k.do(r)
			body := bodyOf(t, res)
			if res.StatusCode != c.status || res.Header.Get("Content-Type") != c.kind || res.Header.Get("Cache-Control") != c.cache || !strings.Contains(body, c.has) {
				t.Errorf("%d %q %q %.80s", res.StatusCode, res.Header.Get("Content-Type"), res.Header.Get("Cache-Control"), body)
			}
		})
	}
}

func TestDotsDoNotLeaveThePages(t *testing.T) {
	a := newAssets(pages())
	for _, path := range []string{"/../../etc/passwd", "/assets/../../../etc/passwd", "//etc/passwd", "/a/b/../../../secret"} {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.Path = path
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		if !strings.Contains(w.Body.String(), "<title>Loci") {
			t.Errorf("%s answers %.60q, want the first page", path, w.Body)
		}
	}
}

func TestFilesAreCompressedForThoseWhoTakeIt(t *testing.T) {
	k := newKit(t)
	for accept, want := range map[string]string{"gzip, br": "gzip", "br": "", "": "", "gzip;q=0": "", "deflate, gzip;q=0.5": "gzip"} {
		r := k.request("GET", "/assets/index-a1.js", "")
		r.Header.Set("Accept-Encoding", accept)
		res := k.do(r)
		if got := res.Header.Get("Content-Encoding"); got != want {
			t.Errorf("accept %q: encoding %q, want %q", accept, got, want)
		}
		if res.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("accept %q: no Vary", accept)
		}
		if want == "gzip" {
			z, err := gzip.NewReader(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			if body, err := io.ReadAll(z); err != nil || len(body) != 21*200 {
				t.Errorf("%d bytes, %v", len(body), err)
			}
		}
	}
	r := k.request("GET", "/assets/font-c3.woff2", "")
	r.Header.Set("Accept-Encoding", "gzip")
	if res := k.do(r); res.Header.Get("Content-Encoding") != "" {
		t.Error("a font, which is compressed already, was compressed again")
	}
}

func TestAProgramWithoutPagesSaysHowToBuildThem(t *testing.T) {
	k := newKit(t, func(c *Config) { c.Pages = fstest.MapFS{} })
	res := k.do(k.request("GET", "/", ""))
	if body := bodyOf(t, res); res.StatusCode != 503 || !strings.Contains(body, "npm run build") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	var jobs []Job
	k.get("/api/jobs", &jobs)
	if res := k.do(k.request("GET", "/favicon.ico", "")); res.StatusCode != 200 {
		t.Errorf("icon: status %d", res.StatusCode)
	}
}

func TestAPanicBecomesAnErrorWithANumberInTheLog(t *testing.T) {
	k := newKit(t)
	k.s.routes.HandleFunc("GET /api/boom", func(http.ResponseWriter, *http.Request) { panic("secret detail") })
	e := k.refused(k.do(k.request("GET", "/api/boom", "")), 500)
	if e.Code != "internal" || e.Ref == "" || strings.Contains(e.Msg, "secret") {
		t.Errorf("error %+v", e)
	}
	if log := k.log.String(); !strings.Contains(log, e.Ref) || !strings.Contains(log, "secret detail") {
		t.Errorf("the log does not tell number and cause: %s", log)
	}
}
