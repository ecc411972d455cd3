package app

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/web"
)

// computer asks this computer what it has; what cannot be known is -1 or left out.
func (e *env) computer() web.Computer {
	c := web.Computer{Cores: runtime.NumCPU(), GPUs: gpus(), MemoryTotal: -1, MemoryFree: -1, DiskTotal: -1, DiskFree: -1}
	if total, free, err := disk(e.cfg.Home); err == nil {
		c.DiskTotal, c.DiskFree = total, free
	}
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		c.MemoryTotal, c.MemoryFree = meminfo(string(text), "MemTotal"), meminfo(string(text), "MemAvailable")
	}
	return c
}

// meminfo reads a line of /proc/meminfo, in bytes; -1 where there is none.
func meminfo(text, name string) int64 {
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(line, ":")
		if key != name {
			continue
		}
		kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		if err != nil {
			return -1
		}
		return kb << 10
	}
	return -1
}

// gpus names the graphics processors that the system lists in files; nothing is started to find them.
func gpus() []string {
	names := []string{}
	files, _ := filepath.Glob("/proc/driver/nvidia/gpus/*/information") // the pattern is legal
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			if key, value, _ := strings.Cut(line, ":"); key == "Model" {
				names = append(names, strings.TrimSpace(value))
			}
		}
	}
	return names
}
