package engine

import (
	"crypto/sha256"
	"net/http"

	"github.com/loci-lab/loci/backend/lab"
)

// digest stands for a request: its path, kind and body.
type digest [sha256.Size]byte

func digestOf(r *http.Request, body []byte) digest {
	h := sha256.New()
	h.Write([]byte(r.URL.Path + "\x00" + r.Header.Get("Content-Type") + "\x00"))
	h.Write(body)
	return digest(h.Sum(nil))
}

// made is a call that was accepted, and what was answered.
type made struct {
	digest digest
	future string // id of its future, or of the session that a call made at once; the call is forgotten with it
	answer any
}

// calls remember what was accepted under which key, so that a call that is sent again, because its answer was lost, has no second
// effect.
type calls struct {
	byKey map[string]made
}

func newCalls() *calls { return &calls{byKey: map[string]made{}} }

// again returns the answer to a call that was accepted before under this key; the same key with another body is a conflict.
func (c *calls) again(key string, d digest) (answer any, known bool, err error) {
	m, known := c.byKey[key]
	if !known || key == "" {
		return nil, false, nil
	}
	if m.digest != d {
		return nil, false, lab.Errorf(lab.Conflict, "%s was used for another body", key).WithHint("count on: every call has a number of its own")
	}
	return m.answer, true, nil
}

func (c *calls) accept(key string, d digest, future string, answer any) {
	if key != "" {
		c.byKey[key] = made{d, future, answer}
	}
}

// forget drops the calls of futures that are gone.
func (c *calls) forget(gone map[string]bool) {
	if len(gone) == 0 {
		return
	}
	for key, m := range c.byKey {
		if gone[m.future] {
			delete(c.byKey, key)
		}
	}
}
