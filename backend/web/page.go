package web

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/loci-lab/loci/backend/lab"
)

// Limits of one page's socket.
const (
	pageGap     = 50 * time.Millisecond // between two messages: 20 a second
	hiddenGap   = time.Second           // the same for a page that nobody sees
	lagAfter    = 2 * time.Second       // a write that took longer means that the page missed views
	writeLimit  = 20 * time.Second      // a write that takes longer means that the page is gone
	pingEvery   = 20 * time.Second      //
	silence     = 50 * time.Second      // without a message or pong the page is gone
	topicLimit  = 64                    // topics of one page
	inboxLimit  = 64 << 10              // bytes of one message of a page
	kernelQueue = 256 << 10             // bytes that wait in the kernel, so that a page that stops reading is noticed soon
)

// page is one socket. Its run loop is the only writer. Nothing is queued for a page beside one look at its topics: a page that reads
// slowly gets the newest view when it is ready for one, and holds up nobody.
type page struct {
	s    *Server
	conn *websocket.Conn
	wake chan struct{} // one token: something may have changed

	mu     sync.Mutex
	subs   []*subscription
	said   []message // notices about what the page asked
	hidden bool

	// Of the run loop alone:
	turn  int       // whose turn it is among the topics
	ready []message // made by the last look and not sent yet
	next  time.Time // no message before
}

// subscription is one topic that a page watches.
type subscription struct {
	topic   string
	feed    feed
	number  int64     // of the last message sent
	version uint64    // of the feed at the last look
	looked  bool      // there was a look
	due     time.Time // no look before
	cursor  any       // what the page has, as the feed understands it
	left    atomic.Bool
}

// message is one message to a page. Its number is given when it is sent.
type message struct {
	sub   *subscription
	text  *ServerMessage
	bin   func(number int64) []byte // a frame; nil for text
	again bool                      // tells the page to read the topic's whole state again
}

// socket turns a request into a page and serves it until it ends.
func (s *Server) socket(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		s.fail(w, r, lab.Errorf(lab.Unavailable, "Loci is closing"))
		return
	}
	defer s.work.Done()
	up := websocket.Upgrader{HandshakeTimeout: 10 * time.Second, Error: func(w http.ResponseWriter, r *http.Request, _ int, reason error) {
		s.fail(w, r, lab.Errorf(lab.Invalid, "no socket: %v", reason).WithHint("open the pages in a browser"))
	}}
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		return // answered by Error above
	}
	defer conn.Close()
	if tcp, ok := conn.NetConn().(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(kernelQueue) // a bigger queue only delays the notice of lag
	}
	p := &page{s: s, conn: conn, wake: make(chan struct{}, 1)}
	defer p.leaveAll()
	ctx, cancel := context.WithCancel(s.life)
	defer cancel()
	s.work.Go(func() {
		defer cancel()
		p.listen()
	})
	p.run(ctx)
}

// enter counts a socket in, false when the server closes.
func (s *Server) enter() bool {
	s.closing.Lock()
	defer s.closing.Unlock()
	if s.life.Err() != nil {
		return false
	}
	s.work.Add(1)
	return true
}

// listen reads what the page asks for until it is gone.
func (p *page) listen() {
	p.conn.SetReadLimit(inboxLimit)
	alive := func(string) error { return p.conn.SetReadDeadline(time.Now().Add(silence)) }
	p.conn.SetPongHandler(alive)
	for alive("") == nil {
		_, body, err := p.conn.ReadMessage()
		if err != nil {
			return
		}
		var m ClientMessage
		if err := json.Unmarshal(body, &m); err != nil {
			p.notice(ClientMessage{}, "message \""+short(string(body))+"\" is no JSON")
			continue
		}
		p.heed(m)
	}
}

func short(s string) string {
	if len(s) > 80 {
		return s[:80] + "..."
	}
	return s
}

// heed does what a message of the page asks.
func (p *page) heed(m ClientMessage) {
	switch m.Type {
	case "watch":
		if err := p.watch(m.Topic, m.After); err != nil {
			p.notice(m, err.Error())
		}
	case "unwatch":
		p.unwatch(m.Topic)
	case "hidden", "visible":
		p.mu.Lock()
		p.hidden = m.Type == "hidden"
		p.mu.Unlock()
	default:
		p.notice(m, "message type \""+short(m.Type)+"\" is unknown, want one of watch, unwatch, hidden, visible")
	}
	p.nudge()
}

// notice tells the page in words what it did wrong. A page that does not read its notices gets no more of them.
func (p *page) notice(m ClientMessage, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.said) < topicLimit {
		p.said = append(p.said, message{sub: &subscription{topic: m.Topic, number: m.After}, text: &ServerMessage{Type: "notice", Text: text}})
	}
}

// watch begins a topic. Numbers go on after the last one that the page has seen, and the first message brings the topic's whole present
// state, so that nothing is shown twice and nothing is missing after a lost connection or a new start of the server.
func (p *page) watch(topic string, after int64) error {
	p.unwatch(topic)
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.subs) >= topicLimit {
		return lab.Errorf(lab.Budget, "this page watches %d topics already", topicLimit).WithHint("leave one of them")
	}
	f, err := p.s.feeds.join(topic, p)
	if err != nil {
		return err
	}
	p.subs = append(p.subs, &subscription{topic: topic, feed: f, number: max(after, 0)})
	return nil
}

func (p *page) unwatch(topic string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, sub := range p.subs {
		if sub.topic == topic {
			p.s.feeds.leave(topic, p)
			sub.left.Store(true)
			p.subs = append(p.subs[:i:i], p.subs[i+1:]...)
			return
		}
	}
}

func (p *page) leaveAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, sub := range p.subs {
		p.s.feeds.leave(sub.topic, p)
	}
	p.subs = nil
}

// nudge wakes the run loop; a token that is there already is enough.
func (p *page) nudge() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// run sends until the page is gone or ctx ends.
func (p *page) run(ctx context.Context) {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			bye := websocket.FormatCloseMessage(websocket.CloseGoingAway, "Loci is closing")
			_ = p.conn.WriteControl(websocket.CloseMessage, bye, time.Now().Add(time.Second)) // the page may be gone
			_ = p.conn.Close()                                                                // ends listen
			return
		case <-ping.C:
			if p.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeLimit)) != nil {
				_ = p.conn.Close()
				return
			}
		case <-p.wake:
		case <-timer.C:
		}
		wait, err := p.step(ctx, time.Now())
		if err != nil {
			_ = p.conn.Close()
			return
		}
		timer.Reset(wait)
	}
}

// step sends at most one message and returns the time until the next one may go.
func (p *page) step(ctx context.Context, now time.Time) (time.Duration, error) {
	if wait := p.next.Sub(now); wait > 0 {
		return wait, nil
	}
	for len(p.ready) == 0 {
		sub, wait := p.pick(now)
		if sub == nil {
			return wait, nil // a nudge comes sooner
		}
		p.look(ctx, sub, now)
	}
	m := p.ready[0]
	p.ready = p.ready[1:]
	if m.sub.left.Load() {
		return 0, nil
	}
	gap := p.gap()
	p.next = now.Add(gap)
	return gap, p.send(m)
}

func (p *page) gap() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hidden {
		return hiddenGap
	}
	return pageGap
}

// pick returns the next topic in turn that has changed and may be looked at, or the time until one may.
func (p *page) pick(now time.Time) (*subscription, time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ready, p.said = append(p.ready, p.said...), nil
	if len(p.ready) > 0 {
		return nil, 0
	}
	due := time.Hour
	for i := range p.subs {
		sub := p.subs[(p.turn+i)%len(p.subs)]
		if sub.looked && sub.version == sub.feed.version() {
			continue
		}
		if wait := sub.due.Sub(now); wait > 0 {
			due = min(due, wait)
			continue
		}
		p.turn = (p.turn + i + 1) % len(p.subs)
		return sub, 0
	}
	return nil, due
}

// look asks a topic for what the page does not have yet.
func (p *page) look(ctx context.Context, sub *subscription, now time.Time) {
	sub.version, sub.looked = sub.feed.version(), true // before the look, so that a change during it is seen again
	news, cursor, err := sub.feed.news(ctx, sub.cursor)
	if err != nil {
		news = []message{{text: &ServerMessage{Type: "notice", Text: p.s.apiError(err).Msg}}}
	} else {
		sub.cursor = cursor
	}
	sub.due = now.Add(sub.feed.pause())
	for _, m := range news {
		m.sub = sub
		p.ready = append(p.ready, m)
	}
}

// send writes one message. A write that took long means that the page missed views: what was made before is dropped, and the next
// looks bring the newest.
func (p *page) send(m message) error {
	kind, body, err := m.encode()
	if err != nil {
		return err
	}
	began := time.Now()
	if err := p.write(kind, body); err != nil {
		return err
	}
	if time.Since(began) > lagAfter {
		return p.lag()
	}
	return nil
}

func (p *page) write(kind int, body []byte) error {
	if err := p.conn.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return err
	}
	return p.conn.WriteMessage(kind, body)
}

// encode gives the message its number.
func (m message) encode() (kind int, body []byte, err error) {
	if m.again {
		return skip(m.sub, "the picture has changed its shape: read it again")
	}
	m.sub.number++
	if m.bin != nil {
		return websocket.BinaryMessage, m.bin(m.sub.number), nil
	}
	text := *m.text
	text.Topic, text.Number = m.sub.topic, m.sub.number
	body, err = json.Marshal(text)
	return websocket.TextMessage, body, err
}

// lag marks the skip in every topic.
func (p *page) lag() error {
	p.ready = nil
	p.mu.Lock()
	subs := append([]*subscription(nil), p.subs...)
	p.mu.Unlock()
	for _, sub := range subs {
		kind, body, err := skip(sub, "this page was slow: views in between were skipped")
		if err != nil {
			return err
		}
		if err := p.write(kind, body); err != nil {
			return err
		}
		sub.looked, sub.cursor = false, nil // what was made and not sent is gone: begin with the whole state
	}
	return nil
}

// skip is the mark of something that the page does not have; it has no number of its own.
func skip(sub *subscription, why string) (kind int, body []byte, err error) {
	body, err = json.Marshal(ServerMessage{Type: "lag", Topic: sub.topic, Number: sub.number, Text: why})
	return websocket.TextMessage, body, err
}
