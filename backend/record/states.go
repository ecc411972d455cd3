package record

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// A kept state is the whole state of a run before a unit of work, which was made by playing the run again: forks begin from it. Its name
// holds the unit and the hash of its bytes, so that one that was damaged is found by its name alone.
const (
	statePrefix = "state-"
	stateSuffix = ".fork"
)

// keptStates is how many a run keeps; the oldest written go first.
const keptStates = 6

// KeepState writes what snapshot gives as the state of a run, whose folder is dir, before that unit. The file appears whole or not at all.
func KeepState(dir string, unit int64, snapshot func(io.Writer) error) error {
	tmp := filepath.Join(dir, fmt.Sprintf("%s%012d.tmp", statePrefix, unit))
	sum, _, err := writeHashed(tmp, snapshot)
	if err != nil {
		return errors.Join(err, removeIfThere(tmp))
	}
	name := filepath.Join(dir, fmt.Sprintf("%s%012d-%s%s", statePrefix, unit, sum, stateSuffix))
	if err := os.Rename(tmp, name); err != nil {
		return unavailable(err, "state %q cannot be kept", name)
	}
	return dropStates(dir)
}

func dropStates(dir string) error {
	all, err := states(dir)
	if err != nil {
		return err
	}
	for len(all) > keptStates {
		oldest := 0
		for i := range all {
			if all[i].written < all[oldest].written {
				oldest = i
			}
		}
		if err := removeIfThere(filepath.Join(dir, all[oldest].name)); err != nil {
			return err
		}
		all = append(all[:oldest], all[oldest+1:]...)
	}
	return nil
}

// keptState is a kept state in a folder.
type keptState struct {
	name    string
	unit    int64
	hash    string
	written int64
}

func states(dir string) (all []keptState, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, unavailable(err, "folder %q cannot be read", dir)
	}
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), statePrefix)
		rest, is := strings.CutSuffix(rest, stateSuffix)
		info, err := e.Info()
		if !ok || !is || err != nil {
			continue
		}
		s := keptState{name: e.Name(), written: info.ModTime().UnixNano()}
		if _, err := fmt.Sscanf(rest, "%012d-%s", &s.unit, &s.hash); err == nil {
			all = append(all, s)
		}
	}
	return all, nil
}

// FindState returns the kept state of the latest unit up to most, read whole and checked; ok is false where there is none. One that was
// damaged is passed over.
func FindState(dir string, most int64) (unit int64, data []byte, ok bool, err error) {
	all, err := states(dir)
	if err != nil {
		return 0, nil, false, err
	}
	for _, s := range all {
		if s.unit > most || (ok && s.unit <= unit) {
			continue
		}
		read, err := os.ReadFile(filepath.Join(dir, s.name))
		if err != nil {
			continue // another fork made room
		}
		if sum := sha256.Sum256(read); hex.EncodeToString(sum[:]) == s.hash {
			unit, data, ok = s.unit, read, true
		}
	}
	return unit, data, ok, nil
}
