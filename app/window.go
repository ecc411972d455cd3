//go:build desktop

package app

import (
	"context"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/wailsapp/wails/v2"
	"github.com/wailsapp/wails/v2/pkg/options"
	"github.com/wailsapp/wails/v2/pkg/options/assetserver"
	"github.com/wailsapp/wails/v2/pkg/options/linux"
	"github.com/wailsapp/wails/v2/pkg/runtime"

	"github.com/loci-lab/loci/backend/hub"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/build/icons"
)

// hasWindow tells whether this program was built with the window.
const hasWindow = true

// desktop is the window around the pages.
type desktop struct {
	env    *env
	server *server // set by run

	mu    sync.Mutex
	ctx   context.Context // of the window, from its start to its end; nil before
	ended bool            // the person closed it and the work goes on: it ends with the last job
}

func newDesktop(e *env) *desktop { return &desktop{env: e} }

// run opens the pages in a window of their own: the same server, cookies and code path as in a browser. It returns when the window is
// closed or ctx ends.
func (d *desktop) run(ctx context.Context, s *server) error {
	d.server = s
	if l := os.Getenv("LANG"); l == "" || l == "C" || l == "POSIX" || strings.HasPrefix(l, "C.") {
		// WebKitGTK would report the language "C", which makes Intl throw.
		if err := os.Setenv("LANG", "en_US.UTF-8"); err != nil {
			return lab.Errorf(lab.Internal, "LANG cannot be set: %w", err)
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	frame := d.frame(ctx)
	err := wails.Run(&options.App{
		Title:            "Loci",
		Width:            frame.Width,
		Height:           frame.Height,
		MinWidth:         320,
		MinHeight:        400,
		WindowStartState: frame.start(),
		BackgroundColour: options.NewRGB(255, 255, 255),
		AssetServer:      &assetserver.Options{Handler: http.HandlerFunc(s.handOff)},
		Menu:             d.menu(),
		OnStartup:        func(wctx context.Context) { d.started(ctx, wctx, frame) },
		OnBeforeClose:    d.closing,
		Linux:            &linux.Options{ProgramName: "loci", Icon: icons.PNG, WebviewGpuPolicy: linux.WebviewGpuPolicyNever},
	})
	cancel()
	if err != nil {
		return lab.Errorf(lab.Unavailable, "the window cannot be opened: %w", err).WithHint("use `loci open --browser`")
	}
	return s.stop()
}

// started puts the window where it was, and follows what ends it and what the person should hear.
func (d *desktop) started(ctx, wctx context.Context, frame frame) {
	d.mu.Lock()
	d.ctx = wctx
	d.mu.Unlock()
	if frame.placed() {
		runtime.WindowSetPosition(wctx, frame.X, frame.Y)
	}
	go d.follow(ctx, wctx)
	go func() {
		select {
		case <-ctx.Done():
		case <-d.server.done:
		}
		runtime.Quit(wctx)
	}()
}

// follow shows notices of the program as notices of the system, and ends a window that was closed while work went on.
func (d *desktop) follow(ctx, wctx context.Context) {
	// Without a notification service, notices still stand in the pages.
	heard := runtime.InitializeNotifications(wctx) == nil
	if heard {
		defer runtime.CleanupNotifications(wctx)
	}
	for m := range d.env.hub.Subscribe(ctx, hub.Filter{Topics: []string{hub.Jobs, hub.Notices}}) {
		if note, ok := m.Body.(lab.Log); ok && m.Topic == hub.Notices && heard {
			_ = runtime.SendNotification(wctx, runtime.NotificationOptions{ID: "loci", Title: "Loci", Body: note.Text})
		}
		d.mu.Lock()
		over := d.ended
		d.mu.Unlock()
		if over && d.working() == 0 {
			runtime.Quit(wctx)
		}
	}
}

// show brings the window to the front, at a page where one is named.
func (d *desktop) show(to string) {
	wctx := d.window()
	if wctx == nil {
		return
	}
	d.mu.Lock()
	d.ended = false
	d.mu.Unlock()
	runtime.WindowShow(wctx)
	runtime.WindowUnminimise(wctx)
	if to != "" {
		d.tell("loci:go", to)
	}
}

// window is the window's context; nil before it is there.
func (d *desktop) window() context.Context {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ctx
}

// tell sends the pages an event with a text.
func (d *desktop) tell(event, text string) {
	if wctx := d.window(); wctx != nil {
		runtime.WindowExecJS(wctx, "window.dispatchEvent(new CustomEvent("+quoteJS(event)+", {detail: "+quoteJS(text)+"}))")
	}
}

// handOff sends the window's first request to the server on this computer, with the token that lets it in.
func (s *server) handOff(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" && r.URL.Path != "/index.html" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(`<!doctype html><meta charset="utf-8"><title>Loci</title><script>location.replace(` + quoteJS(s.once()) + `)</script>`))
}

// quoteJS writes a string as a JavaScript literal that cannot end the script.
func quoteJS(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "<", `\u003c`, "\n", `\n`).Replace(text) + `"`
}
