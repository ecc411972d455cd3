package mem

import "github.com/loci-lab/loci/backend/lab"

// list keeps entries in the order in which they came. To add, to replace and to remove one takes a time that does not grow with their
// number, on average: a removed entry leaves a hole, and the holes are closed when there are more of them than entries.
type list struct {
	entries []*lab.Entry // nil is a hole
	marks   []*mark      // beside entries: closing holes moves marks and hashes no id
	at      map[string]*mark
	first   int // holes only before
	tokens  int
}

// mark says where an entry stands.
type mark struct{ place int }

// spareHoles are so many holes that closing them is worth it however few the entries are.
const spareHoles = 64

func (l *list) len() int { return len(l.at) }

func (l *list) get(id string) (*lab.Entry, bool) {
	m, ok := l.at[id]
	if !ok {
		return nil, false
	}
	return l.entries[m.place], true
}

func (l *list) add(e *lab.Entry) {
	if l.at == nil {
		l.at = map[string]*mark{}
	}
	m := &mark{len(l.entries)}
	l.entries, l.marks, l.at[e.ID] = append(l.entries, e), append(l.marks, m), m
	l.tokens += e.Tokens
}

// replace puts e in the place of the entry with its id, which is there.
func (l *list) replace(e *lab.Entry) {
	p := &l.entries[l.at[e.ID].place]
	l.tokens += e.Tokens - (*p).Tokens
	*p = e
}

// remove takes out the entry of that id, which is there.
func (l *list) remove(id string) {
	i := l.at[id].place
	l.tokens -= l.entries[i].Tokens
	l.entries[i], l.marks[i] = nil, nil
	delete(l.at, id)
	for l.first < len(l.entries) && l.entries[l.first] == nil {
		l.first++
	}
	if len(l.entries) > 2*len(l.at)+spareHoles {
		l.close()
	}
}

// close closes the holes.
func (l *list) close() {
	n := 0
	for i, e := range l.entries {
		if e != nil {
			l.entries[n], l.marks[n] = e, l.marks[i]
			l.marks[n].place = n
			n++
		}
	}
	clear(l.entries[n:])
	clear(l.marks[n:])
	l.entries, l.marks, l.first = l.entries[:n], l.marks[:n], 0
}

// all lists the entries in a slice of its own.
func (l *list) all() []*lab.Entry {
	all := make([]*lab.Entry, 0, len(l.at))
	for _, e := range l.entries[l.first:] {
		if e != nil {
			all = append(all, e)
		}
	}
	return all
}

// oldest returns the entry that came first.
func (l *list) oldest() (*lab.Entry, bool) {
	if len(l.at) == 0 {
		return nil, false
	}
	return l.entries[l.first], true
}
