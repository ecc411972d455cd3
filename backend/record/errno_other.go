//go:build !unix

package record

import (
	"errors"
	"syscall"
)

// Numbers of Windows: disk full, handle's disk full, write protected.
func isFull(err error) bool {
	return errors.Is(err, syscall.Errno(112)) || errors.Is(err, syscall.Errno(39))
}

func isReadOnly(err error) bool { return errors.Is(err, syscall.Errno(19)) }
