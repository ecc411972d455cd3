package run

import (
	"os"
	"runtime"
	"strconv"
	"strings"
)

// Machine describes this computer in words, for records and results: no name of host or user.
func Machine() string {
	return runtime.GOOS + "/" + runtime.GOARCH + ", " + strconv.Itoa(runtime.NumCPU()) + " cores, " + processor()
}

// processor names the processor where the system tells it in a file, and says "unknown processor" elsewhere.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}
