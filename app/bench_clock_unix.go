//go:build unix

package app

import (
	"syscall"
	"time"
)

// processorTime is what this process has used of the processors: unlike the time on the clock it does not count what other programs take.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return time.Duration(time.Now().UnixNano())
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
