package script

import (
	"io"
	"net/http"
)

// Fault is what a request meets in place of a good answer. The zero value is none.
type Fault struct {
	// Status, Header and Body answer the request; Status 0 with a Body is 200. Without a Content-Type of its own it is application/json.
	Status int
	Header map[string]string
	Body   string
	Break  bool   // the connection breaks off, behind Status, Header and Body where they are given
	Hang   bool   // nothing is answered until the client goes
	Finish string // the reason of the end of an answer that is good otherwise, for example length
	Cut    int    // a streamed answer breaks off behind so many pieces
	// Each is called before each piece of a streamed answer with its number, from 0: it may wait.
	Each func(piece int)
}

// instead answers a request in place of the server; false lets the server answer.
func (f Fault) instead(w http.ResponseWriter, r *http.Request) bool {
	switch {
	case f.Hang:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case f.Status == 0 && f.Body == "" && f.Break:
		panic(http.ErrAbortHandler)
	case f.Status == 0 && f.Body == "":
		return false
	}
	w.Header().Set("Content-Type", "application/json")
	for name, value := range f.Header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(max(f.Status, http.StatusOK))
	_, _ = io.WriteString(w, f.Body)
	if f.Break {
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	return true
}
