package tool

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// Notary is the environment's seal on what it has validated. It holds the key; an agent, its memory and whatever they read do not.
//
//	sigma = HMAC(key, SHA-256(q || R))   for a request q and a trace R, section 6 of arXiv 2512.16962
//
// A symmetric seal does here, because the environment both signs and verifies.
type Notary struct{ key [32]byte }

// NewNotary makes the notary of an environment from its secret seed.
func NewNotary(seed uint64) *Notary {
	var n Notary
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], seed)
	n.key = sha256.Sum256(append([]byte("notary of the pipeline "), b[:]...))
	return &n
}

// Attest signs what was done in an episode, once it is over and the success signal has validated it: ok is false otherwise. What is signed
// comes from the episode itself, never from whoever asks.
func (n *Notary) Attest(e *Episode) (r PipelineRecord, seal string, ok bool) {
	if !e.Over() || !e.info.Success {
		return r, "", false
	}
	r = PipelineRecord{Request: e.Request(), Trace: e.Trace()}
	return r, n.Sign(r), true
}

// Sign seals a record. Only the environment may call it; an attacker who can holds the key.
func (n *Notary) Sign(r PipelineRecord) string {
	digest := sha256.Sum256([]byte(r.Request + "\x00" + strings.Join(r.Trace, "\x00")))
	mac := hmac.New(sha256.New, n.key[:])
	mac.Write(digest[:])
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// Verify tells whether a seal is that of a record.
func (n *Notary) Verify(r PipelineRecord, seal string) bool {
	return hmac.Equal([]byte(n.Sign(r)), []byte(seal))
}

// Request is the first user turn without the mention of a note.
func (e *Episode) Request() string { return strings.TrimSuffix(e.c.Users[0], " note n1") }
