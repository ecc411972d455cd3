package outside

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/pipe"
)

// What is asked.
type (
	greeting struct {
		pipe.Greeting
		Seed uint64 `json:"seed"`
	}
	query struct {
		Text   string `json:"text"`
		Now    int64  `json:"now"`
		K      int    `json:"k"`
		Tokens int    `json:"tokens"`
	}
	outcome struct {
		At      mem.Occasion `json:"at"`
		Now     int64        `json:"now"`
		Used    []string     `json:"used"`
		Scored  bool         `json:"scored"`
		Reward  lab.Float    `json:"reward"`
		Success bool         `json:"success"`
	}
	state struct {
		State json.RawMessage `json:"state"`
	}
)

// What is answered.
type (
	hello struct {
		Name string `json:"name"`
	}
	changed struct {
		Changes []change `json:"changes"`
	}
	recalled struct {
		Hits    []hit    `json:"hits"`
		Changes []change `json:"changes"`
		Reason  string   `json:"reason"`
	}
	snapshot struct {
		State   json.RawMessage `json:"state"`
		Entries []entry         `json:"entries"`
	}
	restored struct {
		Entries []entry `json:"entries"`
	}
)

// change is one thing that happened to the memory: write and change with the entry as it stands afterwards, delete with an id, merge with
// the ids that went into the entry, whose own id is the last of them.
type change struct {
	Op     lab.MemoryOp `json:"op"`
	ID     string       `json:"id"`
	IDs    []string     `json:"ids"`
	Entry  *entry       `json:"entry"`
	Reason string       `json:"reason"`
}

type entry struct {
	ID      string             `json:"id"`
	Text    string             `json:"text"`
	Type    string             `json:"type"`
	Numbers map[string]float64 `json:"numbers"`
	Labels  []string           `json:"labels"`
}

// hit is a candidate of a read; Why says why it should not be used.
type hit struct {
	Entry entry              `json:"entry"`
	Score *float64           `json:"score"`
	Parts map[string]float64 `json:"parts"`
	Why   string             `json:"why"`
}

// Check implements pipe.Checker.
func (h *hello) Check() error {
	if h.Name == "" {
		return errors.New("name is missing, want how people call the memory")
	}
	return nil
}

// Check implements pipe.Checker.
func (s *snapshot) Check() error {
	if s.State == nil || s.Entries == nil {
		return errors.New("state or entries is missing, want both")
	}
	return nil
}

// Check implements pipe.Checker.
func (r *restored) Check() error {
	if r.Entries == nil {
		return errors.New("entries is missing, want all entries of the state")
	}
	return nil
}

// Check implements pipe.Checker.
func (r *recalled) Check() error {
	if r.Hits == nil {
		return errors.New("hits is missing, want a list, empty where nothing is recalled")
	}
	for _, h := range r.Hits {
		if h.Score == nil {
			return fmt.Errorf("entry %q has no score", h.Entry.ID)
		}
	}
	return nil
}

// lab is the entry as a bank takes it.
func (e entry) lab() lab.Entry {
	return lab.Entry{Type: e.Type, Text: e.Text, Numbers: floats(e.Numbers), Labels: e.Labels}
}

func floats(all map[string]float64) map[string]lab.Float {
	if len(all) == 0 {
		return nil
	}
	to := make(map[string]lab.Float, len(all))
	for name, v := range all {
		to[name] = lab.Float(v)
	}
	return to
}
