package app

import "golang.org/x/sys/windows"

// disk returns the size of the disk that holds a folder, and what of it this account may still fill, in bytes.
func disk(folder string) (total, free int64, err error) {
	name, err := windows.UTF16PtrFromString(folder)
	if err != nil {
		return -1, -1, err
	}
	var ours, all, rest uint64
	if err := windows.GetDiskFreeSpaceEx(name, &ours, &all, &rest); err != nil {
		return -1, -1, err
	}
	return int64(all), int64(ours), nil
}
