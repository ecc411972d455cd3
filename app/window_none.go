//go:build !desktop

package app

import (
	"context"

	"github.com/loci-lab/loci/backend/web"
)

// hasWindow tells whether this program was built with the window.
const hasWindow = false

// desktop is the window, which this program has not.
type desktop struct{ web.Desktop }

func newDesktop(*env) *desktop { return nil }

func (*desktop) show(string) {}

func (*desktop) run(ctx context.Context, s *server) error { return s.wait(ctx) }
