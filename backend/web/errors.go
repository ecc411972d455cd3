package web

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// maxBody bounds what a page may send in one request, in bytes.
const maxBody = 8 << 20

// answer turns a function that returns a message into a handler that writes it as JSON.
func (s *Server) answer(f func(r *http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		v, err := f(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		body, err := json.Marshal(v)
		if err != nil {
			s.fail(w, r, fmt.Errorf("answer to %s: %w", r.URL.Path, err))
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(body) // an error here means that the page has gone
	})
}

// fail answers with an APIError. Errors without a lab.Error in them, and internal ones, go to the log under a reference number.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	e := s.apiError(err)
	if e.Ref != "" {
		s.cfg.Log.Error("request failed", "ref", e.Ref, "method", r.Method, "path", r.URL.Path, "error", cause(err))
	}
	writeError(w, statusOf(lab.Code(e.Code)), e)
}

// apiError puts an error into the form of the contract; internal ones get a reference number, which the caller logs.
func (s *Server) apiError(err error) APIError {
	e := APIError{Code: string(lab.CodeOf(err)), Msg: err.Error(), Hint: lab.HintOf(err)}
	if e.Code == string(lab.Internal) {
		e.Ref = reference()
		if _, ours := errors.AsType[*lab.Error](err); !ours {
			e.Msg = "something went wrong inside Loci"
		}
		if e.Hint == "" {
			e.Hint = "try again; what is stored is safe; the log has the details under number " + e.Ref
		}
	}
	return e
}

// cause is what the log gets: the whole chain, since a lab.Error prints only its own message.
func cause(err error) string {
	text := err.Error()
	if inner := errors.Unwrap(err); inner != nil && !strings.Contains(text, inner.Error()) {
		return text + ": " + cause(inner)
	}
	return text
}

// reference makes a number that a person can find in the log.
func reference() string { return rand.Text()[:8] }

func writeError(w http.ResponseWriter, status int, e APIError) {
	body, err := json.Marshal(e)
	if err != nil {
		body = []byte(`{"code":"internal","msg":"an error could not be written","hint":"","ref":""}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func statusOf(code lab.Code) int {
	switch code {
	case lab.Invalid:
		return http.StatusBadRequest
	case lab.NotFound:
		return http.StatusNotFound
	case lab.Conflict:
		return http.StatusConflict
	case lab.Cancelled:
		return 499 // the request was given up, as other servers say it
	case lab.Budget:
		return http.StatusTooManyRequests
	case lab.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// recovered turns a panic of a handler into an internal error with a reference number.
func (s *Server) recovered(w http.ResponseWriter, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler {
		panic(p)
	}
	s.fail(w, r, &lab.Error{Code: lab.Internal, Msg: "something went wrong inside Loci", Err: fmt.Errorf("panic: %v\n%s", p, debug.Stack())})
}

// refuse tells a page or a person why a request is not answered: as an APIError, and as a plain page where a browser navigates.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, status int, err error) {
	e := s.apiError(err)
	if !navigation(r) {
		writeError(w, status, e)
		return
	}
	plainPage(w, status, "Loci does not answer this address", e.Msg+".", e.Hint)
}

// navigation tells a browser that opens a page from a script that fetches data.
func navigation(r *http.Request) bool {
	return r.Method == http.MethodGet && !strings.HasPrefix(r.URL.Path, "/api/") && strings.Contains(r.Header.Get("Accept"), "text/html")
}

var plain = template.Must(template.New("plain").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{.Title}}</title>{{if .To}}<meta http-equiv="refresh" content="0;url={{.To}}">{{end}}
<style>body{font:15px/1.5 system-ui,sans-serif;max-width:80ch;margin:10vh auto;padding:0 1rem;color-scheme:light dark}pre{font-size:14px}</style>
</head><body><h1>{{.Title}}</h1>{{range .Lines}}<p>{{.}}</p>{{end}}</body></html>
`))

// plainPage shows a few sentences without the front end.
func plainPage(w http.ResponseWriter, status int, title string, lines ...string) {
	writePlain(w, status, map[string]any{"Title": title, "Lines": lines})
}

func writePlain(w http.ResponseWriter, status int, data map[string]any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = plain.Execute(w, data) // an error here means that the page has gone
}
