package app

import (
	"os"
	"strconv"
	"strings"
)

// load is how the processors spent their time so far, in ticks of the system's clock. The zero load is unknown.
type load struct {
	all, idle int64 // of the whole machine; time that a host gave to other machines counts in all and not as idle
	own       int64 // of this process and the ended ones that it started
}

// readLoad reads it where the system tells it in files (Linux).
func readLoad() load {
	machine, err1 := os.ReadFile("/proc/stat")
	own, err2 := os.ReadFile("/proc/self/stat")
	if err1 != nil || err2 != nil {
		return load{}
	}
	l, ok := parseLoad(string(machine), string(own))
	if !ok {
		return load{}
	}
	return l
}

// parseLoad reads the first line of /proc/stat, "cpu user nice system idle iowait irq softirq steal ...", and from /proc/self/stat the
// four times behind the name in brackets (proc(5): utime, stime, cutime, cstime are fields 14 to 17).
func parseLoad(machine, own string) (l load, ok bool) {
	line, _, _ := strings.Cut(machine, "\n")
	cpu := strings.Fields(line)
	rest := strings.Fields(own[strings.LastIndexByte(own, ')')+1:])
	if len(cpu) < 9 || cpu[0] != "cpu" || len(rest) < 15 {
		return l, false
	}
	for i, text := range cpu[1:9] { // guest time, behind these, is part of user time
		v, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return load{}, false
		}
		l.all += v
		if i == 3 || i == 4 {
			l.idle += v
		}
	}
	for _, text := range rest[11:15] {
		v, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return load{}, false
		}
		l.own += v
	}
	return l, true
}

// othersSince is the share of all processor time since then that others took; nil where it is unknown.
func (l load) othersSince(before load) *float64 {
	if before.all == 0 || l.all <= before.all {
		return nil
	}
	taken := float64(l.all-before.all) - float64(l.idle-before.idle) - float64(l.own-before.own)
	share := max(0, taken/float64(l.all-before.all))
	return &share
}
