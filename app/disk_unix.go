//go:build !windows

package app

import "golang.org/x/sys/unix"

// disk returns the size of the disk that holds a folder, and what of it this account may still fill, in bytes.
func disk(folder string) (total, free int64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return -1, -1, err
	}
	return int64(s.Blocks) * int64(s.Bsize), int64(s.Bavail) * int64(s.Bsize), nil
}
