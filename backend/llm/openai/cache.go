package openai

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/loci-lab/loci/backend/file"
	"github.com/loci-lab/loci/backend/lab"
)

// cache is a folder of replies, one file each, named by the hash of everything that the reply depends on. A file is there whole or not at
// all, and one that is damaged is none. Requests stand in the files beside their replies, keys never.
type cache struct{ dir string } // "" keeps nothing

// entryKey is a request in the cache.
type entryKey struct {
	name string
	text json.RawMessage // what was hashed
}

// entry is a file of the cache.
type entry struct {
	Version int             `json:"version"`
	Asked   json.RawMessage `json:"asked"`
	Reply   json.RawMessage `json:"reply"`
	Sum     string          `json:"sum"` // SHA-256 of asked and reply
}

const cacheVersion = 1

// key names a request: kind, address, model and the whole request.
func (c *Client) key(kind, model string, request any) (entryKey, error) {
	text, err := json.Marshal(struct {
		Kind    string `json:"kind"`
		URL     string `json:"url"`
		Model   string `json:"model"`
		Request any    `json:"request"`
	}{kind, c.endpoint.URL, model, request})
	if err != nil {
		return entryKey{}, lab.Errorf(lab.Invalid, "the request cannot be written as JSON: %w", err)
	}
	return entryKey{sum(text), text}, nil
}

func sum(texts ...[]byte) string {
	h := sha256.New()
	for _, text := range texts {
		h.Write(text)
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (c cache) path(k entryKey) string {
	return filepath.Join(c.dir, k.name[:2], k.name+".json")
}

// get reads a reply; false where there is none that is whole.
func (c cache) get(k entryKey, into any) bool {
	if c.dir == "" {
		return false
	}
	text, err := os.ReadFile(c.path(k))
	if err != nil {
		return false
	}
	var e entry
	if json.Unmarshal(text, &e) != nil || e.Version != cacheVersion || e.Sum != sum(e.Asked, e.Reply) || string(e.Asked) != string(k.text) {
		return false
	}
	return json.Unmarshal(e.Reply, into) == nil
}

// put keeps a reply. That it could not be kept is an error: the run would pay for it again.
func (c cache) put(k entryKey, reply any) error {
	if c.dir == "" {
		return nil
	}
	text, err := json.Marshal(reply)
	if err != nil {
		return lab.Errorf(lab.Internal, "a reply cannot be written as JSON: %w", err)
	}
	all, err := json.Marshal(entry{cacheVersion, k.text, text, sum(k.text, text)})
	if err != nil {
		return lab.Errorf(lab.Internal, "a reply cannot be written as JSON: %w", err)
	}
	path := c.path(k)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return unwritable(path, err)
	}
	if err := file.Replace(path, all, 0o600); err != nil {
		return unwritable(path, err)
	}
	return nil
}
