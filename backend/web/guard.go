package web

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/loci-lab/loci/backend/lab"
)

// guard decides which requests are answered. A web page of somebody else must neither read from this server nor make it do
// something: its name is not in the list of hosts (DNS rebinding), its origin is not ours, and it has no cookie.
type guard struct {
	token  string   // opens the pages, as often as wanted
	cookie string   // what a browser carries after the login; not the token, so that no request repeats the token
	hosts  []string // names without port

	mu   sync.Mutex
	once map[string]bool // tokens that open the pages one time
}

func newGuard(token string, hosts []string) (*guard, error) {
	if token == "" {
		token = rand.Text()
	}
	if len(token) < 16 {
		return nil, lab.Errorf(lab.Invalid, "the token has %d characters, want at least 16", len(token)).
			WithHint("leave the token out: a random one is made")
	}
	g := &guard{token: token, cookie: rand.Text(), hosts: []string{"127.0.0.1", "localhost", "::1"}, once: map[string]bool{}}
	for _, h := range hosts {
		g.hosts = append(g.hosts, strings.ToLower(h))
	}
	return g, nil
}

func (g *guard) oneTime() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := rand.Text()
	g.once[t] = true
	return t
}

// enter tells whether a token opens the pages; a one-time token does so no more afterwards.
func (g *guard) enter(token string) bool {
	if same(token, g.token) {
		return true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	ok := g.once[token]
	delete(g.once, token)
	return ok
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// host refuses a name that is not ours.
func (g *guard) host(r *http.Request) error {
	name := strings.ToLower(hostname(r.Host))
	if slices.Contains(g.hosts, name) {
		return nil
	}
	return lab.Errorf(lab.Invalid, "host %q is not a name of this server, want one of %q", r.Host, g.hosts).
		WithHint("open the address that `loci serve` printed")
}

// hostname cuts the port off an authority.
func hostname(authority string) string {
	if name, _, err := net.SplitHostPort(authority); err == nil {
		return name
	}
	return strings.Trim(authority, "[]")
}

// errNoLogin marks a request without cookie or token, as against one from a wrong place.
var errNoLogin = errors.New("no login")

// allowed checks login and origin of a request whose host was checked before.
func (g *guard) allowed(r *http.Request) error {
	bearer := g.bearer(r)
	if !bearer && !g.loggedIn(r) {
		e := lab.Errorf(lab.Invalid, "this address needs the token of the running Loci").
			WithHint("open the address that `loci serve` printed; it carries the token")
		e.Err = errNoLogin
		return e
	}
	if !changes(r) {
		return nil
	}
	origin := r.Header.Get("Origin")
	if origin == "" && bearer { // a program, which sends no origin; a browser cannot set this header for another page
		return nil
	}
	if u, err := url.Parse(origin); err != nil || origin == "" || !strings.EqualFold(u.Host, r.Host) || !strings.HasPrefix(u.Scheme, "http") {
		return lab.Errorf(lab.Invalid, "origin %q may not use this server, want %q", origin, "http://"+r.Host).
			WithHint("use the pages that this server shows")
	}
	return nil
}

// changes tells whether a request can do something: everything but reading, and sockets.
func changes(r *http.Request) bool {
	return (r.Method != http.MethodGet && r.Method != http.MethodHead) || r.Header.Get("Upgrade") != ""
}

func (g *guard) bearer(r *http.Request) bool {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return ok && same(token, g.token)
}

func (g *guard) loggedIn(r *http.Request) bool {
	for _, c := range r.CookiesNamed(cookieName(r)) {
		if same(c.Value, g.cookie) {
			return true
		}
	}
	return false
}

// cookieName has the port in it: browsers share cookies between ports, and two servers must not log each other out.
func cookieName(r *http.Request) string {
	_, port, _ := net.SplitHostPort(r.Host)
	return "loci" + port
}

func statusOfRefusal(err error) int {
	if errors.Is(err, errNoLogin) {
		return http.StatusUnauthorized
	}
	return http.StatusForbidden
}

// login takes a token, gives a cookie and leads on to ?to= or the first page.
func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	if !s.guard.enter(r.URL.Query().Get("t")) {
		s.refuse(w, r, http.StatusUnauthorized, lab.Errorf(lab.Invalid, "the token of this address is wrong or was used before").
			WithHint("open the address that the running `loci serve` printed; a new start makes a new token"))
		return
	}
	http.SetCookie(w, &http.Cookie{Name: cookieName(r), Value: s.guard.cookie, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	to := localTarget(r.URL.Query().Get("to"))
	if fromElsewhere(r) {
		writePlain(w, http.StatusOK, map[string]any{"Title": "Loci", "To": to})
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// fromElsewhere tells whether a browser came here from a page of another site, as the desktop window does. Browsers hold a strict
// cookie back on redirects of such a visit; a page of ours that leads on makes the next request our own.
func fromElsewhere(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "none", "same-origin":
		return false
	case "":
		return strings.Contains(r.UserAgent(), "Mozilla/") // an old browser does not say
	}
	return true
}

// localTarget keeps a target inside this server.
func localTarget(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n") {
		return "/"
	}
	return to
}

// harden sets what every answer carries: nothing from elsewhere is loaded, no script stands in a page, nobody frames us.
func harden(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "+
		"object-src 'none'; frame-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}
