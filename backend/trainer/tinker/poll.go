package tinker

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/trainer/wire"
)

// early is how soon a "not yet" must come to be taken for a server that does not hold polls; then we wait ourselves.
const early = time.Second

// errLost says that the service no longer knows a future: its call must be made again, or the run resumed.
var errLost = errors.New("the result is lost")

// await polls until the result of a queued call is there. It has no time-out but ctx: the first call at a service may build for minutes.
func (l *link) await(ctx context.Context, j *jitter, what string, id wire.RequestID, proto bool) (*answer, error) {
	faults := 0 // in a row
	for {
		c, err := post(wire.PathRetrieve, wire.RetrieveRequest{RequestID: id})
		if err != nil {
			return nil, err
		}
		c.proto = proto
		began := time.Now()
		a, err := l.once(ctx, c, pollTimeout)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		state, err := l.judge(what, a, err)
		if state == finished {
			return a, err
		}
		if state == pending {
			faults = 0
		} else if faults++; faults == tries {
			return nil, err
		}
		if state == pending && time.Since(began) >= early {
			continue
		}
		if err := sleep(ctx, l.wait(j, faults, a)); err != nil {
			return nil, err
		}
	}
}

// state is what a reply to a poll means.
type state int

const (
	finished state = iota // with a result or an error that stays
	pending
	faulty // ask again: the result may be there
)

// judge sorts a reply. SkyRL tells of failed calls with status 400, the protocol with status 200 and an error.
func (l *link) judge(what string, a *answer, err error) (state, error) {
	switch {
	case err != nil:
		return faulty, err
	case a.status == http.StatusRequestTimeout || a.status == http.StatusTooEarly:
		return pending, nil
	case a.status == http.StatusTooManyRequests || a.status >= 500:
		return faulty, l.refused(what, a)
	case a.status == http.StatusGone || a.status == http.StatusNotFound:
		lost := l.refused(what, a)
		lost.Code, lost.Err = lab.Unavailable, errLost
		return finished, lost.WithHint("resume the run: it goes on from the last state that was kept")
	case a.status == http.StatusBadRequest:
		return finished, l.failed(what, l.detail(a), wire.UserFault)
	case a.status != http.StatusOK:
		return finished, l.refused(what, a)
	case isProto(a):
		return finished, nil
	}
	return l.judgeJSON(what, a)
}

func (l *link) judgeJSON(what string, a *answer) (state, error) {
	reply, err := read[wire.Pending](l, what, a)
	switch {
	case err != nil:
		return finished, err
	case reply.Type == wire.TypeTryAgain || reply.Status == wire.CompleteMetadata:
		return pending, nil
	case len(reply.Error) > 0 && !bytes.Equal(reply.Error, []byte("null")):
		text, err := wire.Decode[wire.Detail](reply.Error)
		if err != nil {
			return finished, l.garbled(what, err)
		}
		return finished, l.failed(what, string(text), reply.Category)
	}
	return finished, nil
}

// failed is the error of a call that the service took and could not carry out.
func (l *link) failed(what, text, category string) error {
	code, hint := lab.Unavailable, "read the service's log, then resume the run"
	if category == wire.UserFault {
		code, hint = lab.Invalid, "change what the service's text names"
	}
	return lab.Errorf(code, "%s failed at the training service at %s: %s", what, l.host, short(l.redact(text))).WithHint("%s", hint)
}

func isProto(a *answer) bool {
	kind, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(kind), wire.Protobuf)
}
