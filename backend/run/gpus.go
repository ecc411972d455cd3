package run

import (
	"context"
	"os/exec"
	"strings"
	"time"
)

// GPUs names the graphics processors that NVIDIA's driver lists on this computer; none where it has no such driver.
func GPUs(ctx context.Context) []string {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader").Output()
	if err != nil {
		return nil
	}
	return strings.FieldsFunc(strings.TrimSpace(string(out)), func(r rune) bool { return r == '\n' })
}
