package target

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

const (
	probePatience = 15 * time.Second // for one answer
	probeLimit    = 1 << 20          // bytes of one answer
	probeQuote    = 200              // bytes of an answer that an error repeats
	probeModels   = 20               // names of models that an error lists
)

// Answer is one step of a test.
type Answer struct {
	Step    string  `json:"step"`
	Said    string  `json:"said"`
	Seconds float64 `json:"seconds"`
}

// Report is what a service said.
type Report struct {
	Answers []Answer `json:"answers"` // of the steps that went well, in order
	Models  []string `json:"models"`  // that the service can train
}

// Probe asks a service whether it is well and what it can do, as the training protocol says: GET healthz and get_server_capabilities
// under /api/v1. It changes nothing there. The report holds the steps that went well also when there is an error, which is Unavailable
// for a service that cannot be reached or is not well and Invalid for one that refuses the key or lacks the base model; its hint says
// what to do. The key goes into the header X-API-Key and to this address only: a redirection is an error.
func Probe(ctx context.Context, s Service, key lab.Secret) (Report, error) {
	return ProbeAloud(ctx, s, key, func(Answer) {})
}

// ProbeAloud is Probe, and tells each step that went well when it is over.
func ProbeAloud(ctx context.Context, s Service, key lab.Secret, told func(Answer)) (Report, error) {
	p := probe{service: s, key: key, told: told, client: &http.Client{Timeout: probePatience, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		return redirected{r.URL.Scheme + "://" + r.URL.Host + r.URL.Path}
	}}}
	defer p.client.CloseIdleConnections()
	err := p.run(ctx)
	return p.report, err
}

type redirected struct{ to string }

func (r redirected) Error() string { return "it sends us on to " + r.to }

type probe struct {
	service Service
	key     lab.Secret
	client  *http.Client
	told    func(Answer)
	report  Report
}

func (p *probe) run(ctx context.Context) error {
	if strings.ContainsFunc(p.key.Reveal(), func(r rune) bool { return r < ' ' || r >= 0x7f }) {
		return lab.Errorf(lab.Invalid, "secret %q has line ends or other characters that no header can carry", p.service.Secret).WithHint("loci secret set %s", p.service.Secret)
	}
	var health struct{ Status string }
	err := p.get(ctx, "healthz", &health, func() string { return fmt.Sprintf("status %.40q", health.Status) })
	if err != nil {
		return err
	}
	var can struct {
		Models []struct {
			Name string `json:"model_name"`
		} `json:"supported_models"`
	}
	err = p.get(ctx, "get_server_capabilities", &can, func() string { return fmt.Sprintf("%d models", len(can.Models)) })
	if err != nil {
		return err
	}
	for _, m := range can.Models {
		p.report.Models = append(p.report.Models, p.clean(m.Name))
	}
	if want := p.service.BaseModel; want != "" && !slices.Contains(p.report.Models, want) {
		return lab.Errorf(lab.Invalid, "service %q does not know base model %q, only %q", p.service.Name, want, p.report.Models[:min(len(p.report.Models), probeModels)]).
			WithHint("add the target again with --base-model and one of these, or leave it out")
	}
	return nil
}

// get asks for one thing and notes the answer.
func (p *probe) get(ctx context.Context, step string, into any, said func() string) error {
	address := strings.TrimRight(p.service.URL, "/") + "/api/v1/" + step
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return lab.Errorf(lab.Invalid, "target %q has no usable address", p.service.Name).WithHint("add it again with `loci target add`")
	}
	req.Header.Set("Accept", "application/json")
	if !p.key.Empty() {
		req.Header.Set("X-API-Key", p.key.Reveal())
	}
	start := time.Now()
	res, err := p.client.Do(req)
	if err != nil {
		return p.unreachable(ctx, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, probeLimit))
	if err != nil {
		return p.unreachable(ctx, err)
	}
	if res.StatusCode != http.StatusOK {
		return p.refused(step, res.StatusCode, body)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return lab.Errorf(lab.Unavailable, "service %q answers %s with something else than the training protocol: %q", p.service.Name, step, p.quote(body)).
			WithHint("check that %s is the base address of a training service", p.service.URL)
	}
	answer := Answer{step, said(), time.Since(start).Seconds()}
	p.report.Answers = append(p.report.Answers, answer)
	p.told(answer)
	return nil
}

// quote is the beginning of an answer for an error.
func (p *probe) quote(body []byte) string { return p.clean(string(body[:min(len(body), probeQuote)])) }

// clean takes the key out of a text, should the service repeat it, and control characters, which would change the terminal.
func (p *probe) clean(text string) string {
	if !p.key.Empty() {
		text = strings.ReplaceAll(text, p.key.Reveal(), fmt.Sprint(p.key))
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, text)
}

// refused says what an answer other than 200 means.
func (p *probe) refused(step string, status int, body []byte) error {
	s := p.service
	e := lab.Errorf(lab.Unavailable, "service %q answers %s with %d %s: %q", s.Name, step, status, http.StatusText(status), p.quote(body))
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		e.Code = lab.Invalid
		if s.Secret == "" {
			return e.WithHint("it wants a key: loci secret set %s, then add the target again with --secret %s", s.Name, s.Name)
		}
		return e.WithHint("the key in secret %q is not accepted: loci secret set %s", s.Secret, s.Secret)
	case status == http.StatusNotFound:
		return e.WithHint("check that %s is the base address: what comes before /api/v1", s.URL)
	case status == http.StatusTooManyRequests || status >= http.StatusInternalServerError:
		return e.WithHint("try again in a minute; if it stays so, read the log of the service")
	}
	return e.WithHint("check the address and what the service is")
}

// unreachable says why there was no answer.
func (p *probe) unreachable(ctx context.Context, err error) error {
	s := p.service
	if ctx.Err() != nil {
		return lab.Errorf(lab.Cancelled, "stopped while service %q was asked: %w", s.Name, ctx.Err())
	}
	return Unreachable(fmt.Sprintf("service %q", s.Name), s.URL, p.clean(cause(err).Error()), err)
}

// Unreachable says why there was no answer from an address: what is whose it is, said the error as it may be shown.
func Unreachable(what, address, said string, err error) error {
	e := lab.Errorf(lab.Unavailable, "%s does not answer at %s: %s", what, address, said)
	e.Err = err
	if _, ok := errors.AsType[redirected](err); ok {
		return e.WithHint("if you trust that address, add the target again with it; the key was not sent there")
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return e.WithHint("check the name %q and the network", dns.Name)
	}
	if isTLS(err) {
		return e.WithHint("check the address; if the service has a certificate of its own, make this system trust its authority")
	}
	if t, ok := errors.AsType[net.Error](err); ok && t.Timeout() {
		return e.WithHint("check the network and its firewall, and that the service is not overloaded")
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		return e.WithHint("start the service, or check the port; nobody listens there")
	}
	return e.WithHint("check the address and the network, and read the log of the service")
}

// cause drops the wrapping that repeats method and address.
func cause(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

func isTLS(err error) bool {
	_, unverified := errors.AsType[*tls.CertificateVerificationError](err)
	_, record := errors.AsType[tls.RecordHeaderError](err)
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	return unverified || record || unknown
}
