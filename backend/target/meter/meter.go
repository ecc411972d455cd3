package meter

import (
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/target"
	"github.com/loci-lab/loci/backend/trainer/tinker"
)

// Service finds a training service by its name, as lab.Bench does.
type Service func(name string) (lab.Service, error)

// Options say what is counted.
type Options struct {
	Dir     string // folder of the run, where what it used is kept
	Service string // name of the target
	// Price is what a model of the service costs; nil knows none.
	Price func(model string) (target.Price, bool)
	// Named is the address that people know a service by, of one that is found: another relay may stand before it. nil is the same.
	Named func(address string) string
	Now   func() time.Time // nil is the wall clock
}

// Meter counts what one run uses. Any number of goroutines may use it.
type Meter struct {
	options Options
	tally   *tally

	mu     sync.Mutex
	relays map[string]*relay // by the service's address
	kept   Used              // in the file
}

// Open goes on counting where the run's file stands. A file that cannot be read is passed over, and its error returned beside the meter: a run
// does not end for its bill. Nothing is listened on before the run asks for its service.
func Open(o Options) (*Meter, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	before, err := Read(o.Dir)
	if before == nil {
		before = &Used{}
	}
	before.Service = o.Service
	return &Meter{options: o, tally: newTally(*before, o.Now), relays: map[string]*relay{}, kept: *before}, err
}

// hosted is how the hosted service's name ends: the client of runs knows it by that, which a relay hides.
const hosted = "thinkingmachines.dev"

// Wrap puts a relay before each service that is found.
func (m *Meter) Wrap(find Service) Service {
	if find == nil {
		return nil
	}
	return func(name string) (lab.Service, error) {
		s, err := find(name)
		if err != nil {
			return s, err
		}
		if u, err := url.Parse(s.URL); err == nil && s.Profile == "" && strings.HasSuffix(u.Host, hosted) {
			s.Profile = tinker.Hosted
		}
		s.URL, err = m.relay(s.URL)
		return s, err
	}
}

// relay returns the address of the relay before a service.
func (m *Meter) relay(address string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r, ok := m.relays[address]; ok {
		return r.from, nil
	}
	name := address
	if m.options.Named != nil {
		name = m.options.Named(address)
	}
	r, err := newRelay(address, name, m.tally)
	if err != nil {
		return "", err
	}
	m.relays[address] = r
	return r.from, nil
}

// Used is what the run has used up to now; nil before it asked anything.
func (m *Meter) Used() *Used {
	u := m.tally.sums()
	if u.Calls == 0 && u.Waited == 0 {
		return nil
	}
	u.Price(m.options.Price)
	return &u
}

// Wait is how the run waits now; false where no call is under way.
func (m *Meter) Wait() (Wait, bool) { return m.tally.wait() }

// Abandon says that the calls under way are waited for no more.
func (m *Meter) Abandon() { m.tally.abandon() }

// Keep writes what was used into the run's folder, unless it stands there.
func (m *Meter) Keep() error {
	u := m.Used()
	m.mu.Lock()
	defer m.mu.Unlock()
	if u == nil || *u == m.kept {
		return nil
	}
	if err := u.write(m.options.Dir); err != nil {
		return err
	}
	m.kept = *u
	return nil
}

// Explain puts the service's own address into an error of a client that asked a relay. Its code and hint stay.
func (m *Meter) Explain(err error) error {
	if err == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	text, hint := err.Error(), lab.HintOf(err)
	for _, r := range m.relays {
		text, hint = r.say(text), r.say(hint)
	}
	if text == err.Error() && hint == lab.HintOf(err) {
		return err
	}
	return &lab.Error{Code: lab.CodeOf(err), Msg: text, Hint: hint, Err: err}
}

// Close ends the relays and keeps what was used.
func (m *Meter) Close() error {
	m.Abandon()
	m.mu.Lock()
	for _, r := range m.relays {
		r.close()
	}
	clear(m.relays)
	m.mu.Unlock()
	return m.Keep()
}
