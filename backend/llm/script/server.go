package script

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
)

// Server speaks the interface of endpoints, as its makers describe it, for a chat: POST chat/completions (whole or streamed) and
// embeddings, GET models, below any path. It is an http.Handler. Set the fields before it serves.
type Server struct {
	Chat   llm.Chat
	Models []string   // that it lists; a request for another model is answered with status 404. Empty takes any
	Key    lab.Secret // that it wants; empty wants none
	Width  int        // of embeddings, 0 is 32

	mu     sync.Mutex
	faults []Fault
	asked  []Asked
}

// Asked is one request that a server got.
type Asked struct {
	Method string
	Path   string
	Header http.Header
	Body   []byte
}

// Asked returns all requests so far, in the order in which they came, also those that met a fault.
func (s *Server) Asked() []Asked {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// Fail lets the next requests meet these faults, one each.
func (s *Server) Fail(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// note keeps a request and returns the fault that it meets.
func (s *Server) note(a Asked) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, a)
	if len(s.faults) == 0 {
		return Fault{}
	}
	f := s.faults[0]
	s.faults = s.faults[1:]
	return f
}

// mostBody bounds a request, bytes.
const mostBody = 1 << 26

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(io.LimitReader(r.Body, mostBody))
	if err != nil {
		refuse(w, http.StatusBadRequest, "the request cannot be read")
		return
	}
	f := s.note(Asked{r.Method, r.URL.Path, r.Header.Clone(), text})
	if f.instead(w, r) {
		return
	}
	if !s.Key.Empty() && r.Header.Get("Authorization") != "Bearer "+s.Key.Reveal() {
		refuse(w, http.StatusUnauthorized, "Incorrect API key provided")
		return
	}
	switch {
	case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/chat/completions"):
		s.chat(w, r, text, f)
	case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/embeddings"):
		s.embed(w, text)
	case r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/models"):
		s.models(w)
	default:
		refuse(w, http.StatusNotFound, "no such address")
	}
}

func refuse(w http.ResponseWriter, status int, text string) {
	answer(w, status, map[string]any{"error": map[string]any{"message": text, "type": "invalid_request_error", "param": nil, "code": nil}})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // who went away needs no answer
}

func (s *Server) models(w http.ResponseWriter) {
	data := []any{}
	for _, m := range s.Models {
		data = append(data, map[string]any{"id": m, "object": "model", "created": 0, "owned_by": "script"})
	}
	answer(w, http.StatusOK, map[string]any{"object": "list", "data": data})
}

// known refuses a model that is not listed.
func (s *Server) known(w http.ResponseWriter, model string) bool {
	if len(s.Models) == 0 || slices.Contains(s.Models, model) {
		return true
	}
	refuse(w, http.StatusNotFound, fmt.Sprintf("The model %q does not exist", model))
	return false
}

// embed gives every text the vector of its words' hashes: equal texts have equal vectors, texts that share words are near each other.
func (s *Server) embed(w http.ResponseWriter, text []byte) {
	var q struct {
		Model string          `json:"model"`
		Input json.RawMessage `json:"input"`
	}
	var texts []string
	if err := json.Unmarshal(text, &q); err != nil {
		refuse(w, http.StatusBadRequest, "the request is no JSON")
		return
	}
	if json.Unmarshal(q.Input, &texts) != nil {
		texts = make([]string, 1)
		if json.Unmarshal(q.Input, &texts[0]) != nil {
			refuse(w, http.StatusBadRequest, "input is no text and no list of texts")
			return
		}
	}
	if !s.known(w, q.Model) {
		return
	}
	width, tokens := s.Width, 0
	if width == 0 {
		width = 32
	}
	data := []any{}
	for i, t := range texts {
		v := make([]float64, width)
		v[0] = 0.125 // a text without words has a direction, too
		for _, word := range strings.Fields(t) {
			h := fnv.New64a()
			_, _ = h.Write([]byte(strings.ToLower(word)))
			v[h.Sum64()%uint64(width)]++
			tokens++
		}
		data = append(data, map[string]any{"object": "embedding", "index": i, "embedding": v})
	}
	answer(w, http.StatusOK, map[string]any{"object": "list", "model": q.Model, "data": data, "usage": map[string]int{"prompt_tokens": tokens, "total_tokens": tokens}})
}
