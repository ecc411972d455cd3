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

// ticket says which runs were sent where. It lies in the data folder from before the runs are sent until all of them are back and
// what they left there is removed, so that they are found again whatever happens to this process.
type ticket struct {
	Target string    `json:"target"`
	File   string    `json:"file"`  // notebook
	Title  string    `json:"title"` // of it
	Budget string    `json:"budget"`
	Sent   time.Time `json:"sent"`
	Order  run.Order `json:"order"`
	Back   []string  `json:"back"` // keys of the runs whose records are whole here
}

// missing are the keys of the ticket's runs that are not back yet.
func (t ticket) missing() map[string]bool {
	out := make(map[string]bool, len(t.Order.Runs))
	for _, s := range t.Order.Runs {
		out[s.Key] = true
	}
	for _, key := range t.Back {
		delete(out, key)
	}
	return out
}

// newID is a name for an order that no other has.
func newID() string { return "loci-" + strings.ToLower(rand.Text()[:16]) }

func (o *Owner) ticketFile(id string) string { return filepath.Join(o.Home, "orders", id+".json") }

// backFile lists the keys of a ticket's runs that came back since the ticket was written, apart from it: an order of ten thousand runs is some
// megabytes, and would be written ten thousand times.
func (o *Owner) backFile(id string) string { return filepath.Join(o.Home, "orders", id+".back") }

// keepTicket writes a ticket.
func (o *Owner) keepTicket(t ticket) error {
	path := o.ticketFile(t.Order.ID)
	text, err := json.Marshal(t)
	if err = errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o755)); err == nil {
		err = file.Replace(path, text, 0o600)
	}
	return unkept(t, err)
}

// crossOff notes which runs of a ticket are back.
func (o *Owner) crossOff(t *ticket, keys ...string) error {
	err := o.noteBack(t.Order.ID, keys)
	if err == nil {
		t.Back = slices.Concat(t.Back, keys)
	}
	return unkept(*t, err)
}

// noteBack adds to the list of what is back. Each time it begins a new line: a kill may have left one torn.
func (o *Owner) noteBack(id string, keys []string) error {
	f, err := os.OpenFile(o.backFile(id), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString("\n" + strings.Join(keys, "\n") + "\n")
	return errors.Join(err, f.Sync(), f.Close())
}

// dropTicket removes a ticket. Without it the list of what is back says nothing.
func (o *Owner) dropTicket(id string) error {
	for _, path := range []string{o.ticketFile(id), o.backFile(id)} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func unkept(t ticket, err error) error {
	if err == nil {
		return nil
	}
	return lab.Errorf(lab.Unavailable, "the note on what was sent to %s cannot be written: %w", t.Target, err).WithHint("free space or make the data folder writable")
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
		if err == nil {
			err = o.readBack(&t)
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

// readBack adds what came back since the ticket was written.
func (o *Owner) readBack(t *ticket) error {
	text, err := os.ReadFile(o.backFile(t.Order.ID))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	t.Back = append(t.Back, strings.Fields(string(text))...)
	return err
}
