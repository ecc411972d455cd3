package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/loci-lab/loci/backend/file"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
	"github.com/loci-lab/loci/backend/run"
)

// Files of an order's folder beside the order.
const (
	processFile   = "pid"
	logFile       = "worker.log"
	cancelledFile = "cancelled" // made by who wants nothing more to start there
)

// detach begins the work of a folder as the leader of a process group of its own, unless it runs already, and prints the process's number.
func detach(dir string, at folders) error {
	at = at.in(dir)
	if _, err := run.ReadOrder(dir); err != nil {
		return err
	}
	if err := cancelled(dir); err != nil {
		return err
	}
	lock, err := record.AcquireLock(filepath.Join(dir, "worker.lock"), "")
	if lab.CodeOf(err) == lab.Conflict { // somebody asks a second time, not knowing how the first went
		return say(dir)
	}
	if err != nil {
		return err
	}
	if err := lock.Release(); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(dir, logFile), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(self, "run", dir, "--runs", at.runs, "--cache", at.cache)
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = log, log, alone()
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := file.Replace(filepath.Join(dir, processFile), []byte(strconv.Itoa(cmd.Process.Pid)+"\n"), 0o644); err != nil {
		return err
	}
	if err := cancelled(dir); err != nil { // by somebody who did not see the process yet
		return errors.Join(err, cmd.Process.Kill())
	}
	return say(dir)
}

// cancelled is an error once nothing more is to start in the folder.
func cancelled(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, cancelledFile)); err != nil {
		return nil
	}
	return lab.Errorf(lab.Cancelled, "the order in %q was cancelled", dir).WithHint("send the runs again")
}

func say(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, processFile))
	if err != nil {
		return err
	}
	_, err = fmt.Print(string(text))
	return err
}
