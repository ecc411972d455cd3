package engine

import (
	"crypto/rand"
	"crypto/subtle"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// keyPrefix begins every key: the official client refuses others before it sends anything.
const keyPrefix = "tml-"

// NewKey makes a random key.
func NewKey() string { return keyPrefix + rand.Text() }

func checkKey(key string) error {
	if !strings.HasPrefix(key, keyPrefix) || len(key) < len(keyPrefix)+16 {
		return lab.Errorf(lab.Invalid, "the key has %d characters or does not begin with %q, want %q and at least 16 characters more", len(key), keyPrefix, keyPrefix).
			WithHint("unset LOCI_ENGINE_KEY: a random key is made")
	}
	return nil
}

// known tells whether a request carries the key.
func (s *Server) known(r *http.Request) bool {
	key := r.Header.Get("X-API-Key")
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok && key == "" {
		key = bearer
	}
	return subtle.ConstantTimeCompare([]byte(key), []byte(s.cfg.Key)) == 1
}

// addressed tells whether a request names this server: a page of somebody else whose name leads here is refused (DNS rebinding).
func (s *Server) addressed(r *http.Request) bool {
	name := strings.ToLower(r.Host)
	if host, _, err := net.SplitHostPort(name); err == nil {
		name = host
	}
	name = strings.Trim(name, "[]")
	return name == "localhost" || net.ParseIP(name).IsLoopback() || slices.ContainsFunc(s.cfg.Hosts, func(h string) bool { return strings.EqualFold(h, name) })
}

// Key is what clients must send.
func (s *Server) Key() string { return s.cfg.Key }
