//go:build !windows

package pipe

import (
	"os/exec"
	"sync"
	"syscall"
)

// group is a process and what it starts. A child that makes a group of its own leaves it.
type group struct {
	mu  sync.Mutex
	pid int
}

func newGroup(cmd *exec.Cmd) *group {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return new(group)
}

func (g *group) started(pid int) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pid = pid
	return nil
}

// kill ends all of the group. A group that is gone is no error.
func (g *group) kill() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.pid > 0 {
		_ = syscall.Kill(-g.pid, syscall.SIGKILL)
	}
}

// close forgets the group, whose number may be another's from then on.
func (g *group) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pid = 0
}
