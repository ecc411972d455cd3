//go:build !desktop

package app

import "context"

// hasWindow tells whether this program was built with the window.
const hasWindow = false

// window is never reached in a program without one.
func (s *server) window(ctx context.Context) error { return s.wait(ctx) }
