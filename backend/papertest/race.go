package papertest

import "testing"

// Whole marks a test that plays runs from end to end, many times over. Under the race detector it is skipped: it would take ten times as
// long and start no goroutine that shorter tests do not start. `build/test` plays these tests without the detector.
func Whole(t *testing.T) {
	t.Helper()
	if race {
		t.Skip("plays whole runs: tested without the race detector")
	}
}
