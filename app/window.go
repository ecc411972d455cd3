//go:build desktop

package app

import (
	"context"
	"net/http"
	"os"
	"strings"

	"github.com/wailsapp/wails/v2"
	"github.com/wailsapp/wails/v2/pkg/options"
	"github.com/wailsapp/wails/v2/pkg/options/assetserver"
	"github.com/wailsapp/wails/v2/pkg/options/linux"
	"github.com/wailsapp/wails/v2/pkg/runtime"

	"github.com/loci-lab/loci/backend/lab"
)

// hasWindow tells whether this program was built with the window.
const hasWindow = true

// window opens the pages in a window of their own: the same server, cookies and code path as in a browser. It returns when the
// window is closed or ctx ends.
func (s *server) window(ctx context.Context) error {
	if l := os.Getenv("LANG"); l == "" || l == "C" || l == "POSIX" || strings.HasPrefix(l, "C.") {
		// WebKitGTK would report the language "C", which makes Intl throw.
		if err := os.Setenv("LANG", "en_US.UTF-8"); err != nil {
			return lab.Errorf(lab.Internal, "LANG cannot be set: %w", err)
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	err := wails.Run(&options.App{
		Title:            "Loci",
		Width:            1280,
		Height:           860,
		MinWidth:         320,
		MinHeight:        400,
		BackgroundColour: options.NewRGB(255, 255, 255),
		AssetServer:      &assetserver.Options{Handler: http.HandlerFunc(s.handOff)},
		OnStartup: func(wctx context.Context) {
			go func() {
				select {
				case <-ctx.Done():
				case <-s.done:
				}
				runtime.Quit(wctx)
			}()
		},
		Linux: &linux.Options{ProgramName: "loci", WebviewGpuPolicy: linux.WebviewGpuPolicyNever},
	})
	cancel()
	if err != nil {
		return lab.Errorf(lab.Unavailable, "the window cannot be opened: %w", err).WithHint("use `loci open --browser`")
	}
	return s.stop()
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
