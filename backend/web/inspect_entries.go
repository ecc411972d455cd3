package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// mostNamed is how many entries one answer describes: a reading reports fewer.
const mostNamed = 500

// inspectEntries says what the record knows of the entries that a reading named, at the moment of the reading.
func (s *Server) inspectEntries(r *http.Request) (any, error) {
	q := r.URL.Query()
	at, err := count(r, "at", 0, 1<<31-2)
	if err != nil {
		return nil, err
	}
	ids := strings.Split(q.Get("ids"), ",")
	if q.Get("ids") == "" || len(ids) > mostNamed {
		return nil, lab.Errorf(lab.Invalid, "ids names %d entries, want 1 to %d, with commas between them", len(ids), mostNamed)
	}
	notes := []EntryNote{}
	err = s.pasts.with(r.PathValue("key"), func(p *past) error {
		if !slices.Contains(p.run.Names(), q.Get("bank")) {
			return nil // a reading of a bank that never held anything
		}
		bank, err := p.run.Bank(q.Get("bank"))
		if err != nil {
			return err
		}
		for _, id := range ids {
			standing, stands, err := bank.Find(id, at)
			if err != nil {
				continue // named by the reading and never written: the page shows the id alone
			}
			e, f := bank.Plain(standing), bank.Facts(standing, at)
			notes = append(notes, EntryNote{ID: id, Text: e.Text, Type: e.Type, Born: f.Born.Episode, BornT: f.Born.T, Read: f.Read, Missed: f.Missed,
				Helped: f.Helped, Misled: f.Misled, Gone: !stands})
		}
		return nil
	})
	return notes, err
}
