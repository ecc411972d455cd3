package sched

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/loci-lab/loci/backend/file"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/target/site"
)

// Elsewhere is a target that carries runs out, with how many at a time and by how many threads each.
type Elsewhere struct {
	site.Site
	Kind    string // as people call it: ssh, slurm
	AtOnce  int    // runs at a time of one order, at least 1
	Threads int    // of a run, at least 1
	Kernel  string // family of the numeric core there, "" picks the best
}

// ticket says which runs were sent where. It lies in the data folder from before the runs are sent until all of them are back, so that they are
// found again whatever happens to this process.
type ticket struct {
	Target string    `json:"target"`
	File   string    `json:"file"`  // notebook
	Title  string    `json:"title"` // of it
	Budget string    `json:"budget"`
	Sent   time.Time `json:"sent"`
	Order  run.Order `json:"order"`
	Back   []string  `json:"back"` // keys of the runs whose records are whole here
}

// lacks tells whether a run of the ticket is not back yet.
func (t ticket) lacks(key string) bool {
	return !slices.Contains(t.Back, key) && slices.ContainsFunc(t.Order.Runs, func(s lab.Start) bool { return s.Key == key })
}

// newID is a name for an order that no other has.
func newID() string { return "loci-" + strings.ToLower(rand.Text()[:16]) }

func (o *Owner) ticketFile(id string) string { return filepath.Join(o.Home, "orders", id+".json") }

// keepTicket writes a ticket, or removes it once all its runs are back.
func (o *Owner) keepTicket(t ticket) error {
	path := o.ticketFile(t.Order.ID)
	var err error
	if slices.ContainsFunc(t.Order.Runs, func(s lab.Start) bool { return t.lacks(s.Key) }) {
		text, wrong := json.Marshal(t)
		if err = errors.Join(wrong, os.MkdirAll(filepath.Dir(path), 0o755)); err == nil {
			err = file.Replace(path, text, 0o600)
		}
	} else if err = os.Remove(path); errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return lab.Errorf(lab.Unavailable, "the note on what was sent to %s cannot be written: %w", t.Target, err).WithHint("free space or make the data folder writable")
	}
	return nil
}

// tickets reads all tickets, oldest first. One that cannot be read is told in the log and left where it is.
func (o *Owner) tickets() []ticket {
	paths, _ := filepath.Glob(filepath.Join(o.Home, "orders", "*.json")) // the pattern is well formed
	var all []ticket
	for _, path := range paths {
		var t ticket
		text, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(text, &t)
		}
		if err == nil {
			err = t.Order.Check()
		}
		if err != nil {
			o.Log.Warn("a note on sent runs cannot be read", "file", path, "error", err)
			continue
		}
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b ticket) int { return cmp.Or(a.Sent.Compare(b.Sent), cmp.Compare(a.Order.ID, b.Order.ID)) })
	return all
}
