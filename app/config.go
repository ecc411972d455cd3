// Package app wires Loci together: command line, configuration, the server and the desktop window. Nothing imports it.
package app

import (
	"os"
	"path/filepath"
	"runtime"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/settings"
)

// Version and Commit are set by the build.
var (
	Version = "0.1.0"
	Commit  = ""
)

// Config is how this process was started: the environment and flags, and the settings of the data folder where those say nothing. It
// never moves a number.
type Config struct {
	Home    string // data folder: library, records, own notebooks
	Kernel  string // kernel family, "" for the best
	Jobs    int    // runs at a time
	Threads int    // workers inside one run
}

// DefaultConfig reads LOCI_HOME and LOCI_KERNEL and fills in the rest from the machine.
func DefaultConfig() (Config, error) {
	usual := settings.Defaults()
	c := Config{Home: os.Getenv("LOCI_HOME"), Kernel: os.Getenv("LOCI_KERNEL"), Jobs: int(usual.Number(settings.Jobs)), Threads: int(usual.Number(settings.Threads))}
	if c.Home == "" {
		home, err := dataFolder()
		if err != nil {
			return c, err
		}
		c.Home = home
	}
	abs, err := filepath.Abs(c.Home)
	if err != nil {
		return c, lab.Errorf(lab.Invalid, "LOCI_HOME is %q, which is no path: %w", c.Home, err)
	}
	c.Home = abs
	return c, nil
}

// dataFolder is where a person's data lie on this system.
func dataFolder() (string, error) {
	if d := os.Getenv("XDG_DATA_HOME"); d != "" {
		return filepath.Join(d, "loci"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", lab.Errorf(lab.Unavailable, "no home folder is known: %w", err).WithHint("set LOCI_HOME to a folder of your own")
	}
	switch runtime.GOOS {
	case "darwin":
		return filepath.Join(home, "Library", "Application Support", "Loci"), nil
	case "windows":
		if d := os.Getenv("LOCALAPPDATA"); d != "" {
			return filepath.Join(d, "Loci"), nil
		}
	}
	return filepath.Join(home, ".local", "share", "loci"), nil
}
