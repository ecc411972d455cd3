package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestOnlyRequestsFromOurOwnPagesAreAnswered(t *testing.T) {
	k := newKit(t)
	cookie := "loci8080=" + k.s.guard.cookie
	const own = "http://127.0.0.1:8080"
	type head map[string]string
	cases := []struct {
		name   string
		method string
		host   string
		head   head
		want   int
	}{
		{"a page with its cookie reads", "GET", "127.0.0.1:8080", head{"Cookie": cookie}, 200},
		{"localhost is our name too", "GET", "localhost:8080", head{"Cookie": cookie}, 200},
		{"the address of IPv6 is our name too", "GET", "[::1]:8080", head{"Cookie": cookie}, 200},
		{"a program reads with the token", "GET", "127.0.0.1:8080", head{"Authorization": "Bearer " + testToken}, 200},
		{"nobody reads without cookie", "GET", "127.0.0.1:8080", nil, 401},
		{"a wrong cookie is none", "GET", "127.0.0.1:8080", head{"Cookie": "loci8080=guess"}, 401},
		{"the token is no cookie", "GET", "127.0.0.1:8080", head{"Cookie": "loci8080=" + testToken}, 401},
		{"a cookie of another port is none", "GET", "127.0.0.1:8080", head{"Cookie": "loci9090=" + k.s.guard.cookie}, 401},
		{"a wrong token is none", "GET", "127.0.0.1:8080", head{"Authorization": "Bearer guess"}, 401},
		{"a rebound name is refused even with the cookie", "GET", "evil.example:8080", head{"Cookie": cookie}, 403},
		{"a name that ends like ours is refused", "GET", "127.0.0.1.evil.example", head{"Cookie": cookie}, 403},
		{"an empty host is refused", "GET", "", head{"Cookie": cookie}, 403},
		{"a page of ours changes", "POST", "127.0.0.1:8080", head{"Cookie": cookie, "Origin": own}, 404},
		{"another origin changes nothing", "POST", "127.0.0.1:8080", head{"Cookie": cookie, "Origin": "http://evil.example"}, 403},
		{"another port is another origin", "POST", "127.0.0.1:8080", head{"Cookie": cookie, "Origin": "http://127.0.0.1:9999"}, 403},
		{"the null origin changes nothing", "POST", "127.0.0.1:8080", head{"Cookie": cookie, "Origin": "null"}, 403},
		{"no origin changes nothing", "POST", "127.0.0.1:8080", head{"Cookie": cookie}, 403},
		{"a program changes with the token", "POST", "127.0.0.1:8080", head{"Authorization": "Bearer " + testToken}, 404},
		{"another origin changes nothing with the token", "POST", "127.0.0.1:8080", head{"Authorization": "Bearer " + testToken, "Origin": "http://evil.example"}, 403},
		{"a socket of another origin is refused", "GET", "127.0.0.1:8080", head{"Cookie": cookie, "Upgrade": "websocket", "Origin": "http://evil.example"}, 403},
		{"a socket without origin is refused", "GET", "127.0.0.1:8080", head{"Cookie": cookie, "Upgrade": "websocket"}, 403},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			target := "/api/jobs"
			if c.method == "POST" {
				target = "/api/job/none/pause" // 404 where it was let through
			}
			r := httptest.NewRequest(c.method, "http://x"+target, nil)
			r.Host = c.host
			for name, v := range c.head {
				r.Header.Set(name, v)
			}
			res := k.do(r)
			if res.StatusCode != c.want {
				t.Fatalf("status %d, want %d: %s", res.StatusCode, c.want, bodyOf(t, res))
			}
			if c.want == 401 || c.want == 403 {
				if e := k.refused(res, c.want); e.Code != "invalid" || e.Msg == "" || e.Hint == "" {
					t.Errorf("the refusal says %+v, want code, reason and hint", e)
				}
			}
		})
	}
}

func TestSocketsObeyTheSameRules(t *testing.T) {
	k := newKit(t)
	r := k.request("GET", "/api/ws", "")
	r.Header.Set("Upgrade", "websocket")
	r.Header.Set("Origin", "http://evil.example")
	if e := k.refused(k.do(r), 403); !strings.Contains(e.Msg, "evil.example") {
		t.Errorf("the refusal %q does not name the origin", e.Msg)
	}
}

func TestTheTokenOpensThePagesOnce_OrAsOftenAsWanted(t *testing.T) {
	k := newKit(t)
	enter := func(token string, head ...string) *http.Response {
		r := httptest.NewRequest("GET", "http://127.0.0.1:8080/login?t="+token+"&to=%2Frun%3Fkey%3DK", nil)
		for i := 0; i < len(head); i += 2 {
			r.Header.Set(head[i], head[i+1])
		}
		return k.do(r)
	}
	once := k.s.OneTime()
	for i, want := range []int{303, 401} {
		if res := enter(once); res.StatusCode != want {
			t.Errorf("use %d of the one-time token: status %d, want %d", i+1, res.StatusCode, want)
		}
	}
	for range 2 {
		res := enter(testToken)
		c := res.Cookies()
		if res.StatusCode != 303 || res.Header.Get("Location") != "/run?key=K" || len(c) != 1 {
			t.Fatalf("login answers %d to %q with %d cookies", res.StatusCode, res.Header.Get("Location"), len(c))
		}
		if !c[0].HttpOnly || c[0].SameSite != http.SameSiteStrictMode || c[0].Path != "/" || c[0].Domain != "" || c[0].Value == testToken {
			t.Errorf("cookie %+v, want HttpOnly, SameSite=Strict, this host only, not the token", c[0])
		}
	}
	if res := enter("guess"); res.StatusCode != 401 || len(res.Cookies()) != 0 {
		t.Errorf("a guess gets status %d and %d cookies, want 401 and none", res.StatusCode, len(res.Cookies()))
	}
	res := enter(testToken, "Sec-Fetch-Site", "cross-site", "Accept", "text/html")
	if body := bodyOf(t, res); res.StatusCode != 200 || !strings.Contains(body, `content="0;url=/run?key=K"`) || len(res.Cookies()) != 1 {
		t.Errorf("a window that comes from another site gets %d %s, want a page that leads on", res.StatusCode, body)
	}
}

func TestTheLoginLeadsNowhereElse(t *testing.T) {
	for _, to := range []string{"", "https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "evil", "/a\r\nb", "/%zz"} {
		if got := localTarget(to); got != "/" {
			t.Errorf("target %q leads to %q, want /", to, got)
		}
	}
	if got := localTarget("/notebook?path=experiments%2Fa.md#c1"); got != "/notebook?path=experiments%2Fa.md#c1" {
		t.Errorf("a target of ours became %q", got)
	}
}

func TestARefusedVisitorIsToldWhyInAPage(t *testing.T) {
	k := newKit(t)
	for host, want := range map[string]string{"127.0.0.1:8080": "needs the token", "evil.example": "&#34;evil.example&#34; is not a name of this server"} {
		r := httptest.NewRequest("GET", "http://x/notebook", nil)
		r.Host = host
		r.Header.Set("Accept", "text/html,*/*")
		res := k.do(r)
		body := bodyOf(t, res)
		if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") || !strings.Contains(body, want) || !strings.Contains(body, "loci serve") {
			t.Errorf("host %s: %s %s", host, res.Header.Get("Content-Type"), body)
		}
	}
}

func TestEveryAnswerIsHardened(t *testing.T) {
	k := newKit(t)
	bad := httptest.NewRequest("GET", "http://evil.example/", nil)
	for _, r := range []*http.Request{k.request("GET", "/", ""), k.request("GET", "/api/jobs", ""), k.request("GET", "/assets/index-a1.js", ""), k.request("GET", "/api/none", ""), bad} {
		h := k.do(r).Header
		csp := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'self'", "style-src 'self' 'unsafe-inline'", "img-src 'self' data:", "connect-src 'self'", "frame-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: policy %q lacks %q", r.URL, csp, want)
			}
		}
		if strings.Contains(csp, "script-src") || strings.Contains(csp, "unsafe-eval") {
			t.Errorf("%s: policy %q weakens scripts", r.URL, csp)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: headers %v", r.URL, h)
		}
	}
}

func TestAShortTokenIsRefused(t *testing.T) {
	if _, err := newGuard("short", nil); err == nil || !strings.Contains(err.Error(), "16") {
		t.Errorf("error %v, want one that names the least length", err)
	}
	a, _ := newGuard("", nil)
	b, _ := newGuard("", nil)
	if a.token == b.token || len(a.token) < 16 {
		t.Errorf("random tokens %q and %q", a.token, b.token)
	}
}
