package site

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/target/shell"
)

// Root is the folder of Loci's workers in the home folder of an account, unless a target says another:
//
//	workers/HASH/worker   programs, by their content
//	orders/ID/            an order, its process and what that printed
//	runs/KEY/             a run: record and checkpoints
//	cache/                warm starts that several runs share
const Root = "~/.loci-worker"

const (
	answerLimit = 8 << 20   // bytes that a script may print
	roomFloor   = 256 << 20 // bytes that must be free on the disk there
)

// folder is what places with a shell and a disk have in common.
type folder struct {
	sh      shell.Shell
	root    string
	workers Workers
	wrap    string // begins each command of a worker, as "apptainer exec image.sif"; "" for none
}

func (f folder) path(parts ...string) string {
	return shell.Home(f.root + "/" + strings.Join(parts, "/"))
}

// out runs a script and returns what it printed.
func (f folder) out(ctx context.Context, format string, args ...any) (string, error) {
	b, err := shell.Output(ctx, f.sh, fmt.Sprintf(format, args...), answerLimit)
	return string(b), f.explain(err)
}

// explain says in words what a script's last words on standard error mean.
func (f folder) explain(err error) error {
	e, ok := errors.AsType[*shell.Exit](err)
	if !ok {
		return err
	}
	said := strings.ToLower(e.Stderr)
	where := f.sh.Title()
	switch {
	case strings.Contains(said, "no space left"), strings.Contains(said, "disk quota exceeded"):
		return lab.Errorf(lab.Unavailable, "the disk of %s is full: %s", where, e.Stderr).WithHint("free space there; the runs go on from where they stand")
	case strings.Contains(said, "read-only file system"), strings.Contains(said, "permission denied") && e.Status != 126:
		return lab.Errorf(lab.Invalid, "%s may not be written: %s", f.root, e.Stderr).WithHint("set another folder of the target, one that your account owns")
	}
	return lab.Errorf(lab.Unavailable, "a command failed on %s: %v", where, e)
}

// worker brings the program there, unless it is there already, and returns its path as a word of a script. Its name is the hash of its content.
func (f folder) worker(ctx context.Context) (string, error) {
	goos, arch, err := f.platform(ctx)
	if err != nil {
		return "", err
	}
	local, err := f.workers(goos, arch)
	if err != nil {
		return "", err
	}
	hash, size, err := digest(local)
	if err != nil {
		return "", lab.Errorf(lab.Unavailable, "worker %q cannot be read: %w", local, err).WithHint("build it anew with `make workers`")
	}
	at := f.path("workers", hash, "worker")
	have, err := f.out(ctx, `test -x %s && wc -c < %s || echo 0`, at, at)
	if err != nil {
		return "", err
	}
	if strings.TrimSpace(have) == strconv.FormatInt(size, 10) {
		return at, nil
	}
	return at, f.upload(ctx, local, hash, size)
}

// upload copies the program under a name of its own first, so that nobody meets half of it.
func (f folder) upload(ctx context.Context, local, hash string, size int64) error {
	file, err := os.Open(local)
	if err != nil {
		return lab.Errorf(lab.Unavailable, "worker %q cannot be read: %w", local, err).WithHint("build it anew with `make workers`")
	}
	defer file.Close()
	dir := f.path("workers", hash)
	script := fmt.Sprintf(`set -e; umask 077; mkdir -p %[1]s; cd %[1]s; cat > part.$$; if [ "$(wc -c < part.$$)" -ne %[2]d ]; then rm -f part.$$; echo "only a part arrived" >&2; exit 9; fi; chmod 755 part.$$; mv -f part.$$ worker`, dir, size)
	err = f.sh.Run(ctx, script, file, nil)
	if e, ok := errors.AsType[*shell.Exit](err); ok && e.Status == 9 {
		return lab.Errorf(lab.Unavailable, "the worker did not arrive whole on %s", f.sh.Title()).WithHint("look whether the disk there is full, and try again")
	}
	return f.explain(err)
}

func digest(path string) (hash string, size int64, err error) {
	file, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer file.Close()
	h := sha256.New()
	size, err = io.Copy(h, file)
	return hex.EncodeToString(h.Sum(nil)[:16]), size, err
}

// platform asks what the machine is, in Go's words.
func (f folder) platform(ctx context.Context) (goos, arch string, err error) {
	text, err := f.out(ctx, "uname -s; uname -m")
	if err != nil {
		return "", "", err
	}
	words := strings.Fields(strings.ToLower(text))
	if len(words) != 2 {
		return "", "", lab.Errorf(lab.Unavailable, "%s does not say what it is: uname printed %.80q", f.sh.Title(), text).
			WithHint("look whether its login script prints something, and make it silent for commands")
	}
	switch words[1] {
	case "x86_64", "amd64":
		return words[0], "amd64", nil
	case "aarch64", "arm64":
		return words[0], "arm64", nil
	}
	return words[0], words[1], nil
}

// about runs the program that was brought, which tells whether the machine can.
func (f folder) about(ctx context.Context, worker string) (run.About, error) {
	var a run.About
	out, err := shell.Output(ctx, f.sh, f.command(worker)+" about", answerLimit)
	if e, ok := errors.AsType[*shell.Exit](err); ok {
		return a, f.cannot(e)
	}
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(out, &a); err != nil {
		return a, lab.Errorf(lab.Unavailable, "the worker on %s answered %.80q, which is not about itself", f.sh.Title(), out).
			WithHint("look whether a login script or a container prints something before")
	}
	return a, nil
}

func (f folder) command(worker string) string {
	if f.wrap == "" {
		return worker
	}
	return f.wrap + " " + worker
}

// cannot says why a program that is there cannot run.
func (f folder) cannot(e *shell.Exit) error {
	said, where := strings.ToLower(e.Stderr), f.sh.Title()
	switch {
	case strings.Contains(said, "exec format error"), strings.Contains(said, "cannot execute binary file"), strings.Contains(said, "syntax error"), strings.Contains(said, "unexpected"):
		return lab.Errorf(lab.Invalid, "%s has another processor than it says: the worker for it cannot run (%s)", where, e.Stderr).
			WithHint("look what `uname -m` prints there; a container or an emulator may hide the processor")
	case strings.Contains(said, "glibc"), strings.Contains(said, "libc.so"), strings.Contains(said, "no such file"), strings.Contains(said, "not found") && e.Status == 127:
		return lab.Errorf(lab.Invalid, "the C library of %s is too old for the worker, or missing (%s)", where, e.Stderr).
			WithHint("build the worker without it: `make workers` does, or CGO_ENABLED=0 go build ./app/worker")
	case e.Status == 126, strings.Contains(said, "permission denied"):
		return lab.Errorf(lab.Invalid, "programs below %s on %s may not be executed (%s)", f.root, where, e.Stderr).
			WithHint("its file system is mounted noexec, or a rule forbids it: set another folder of the target")
	}
	return lab.Errorf(lab.Invalid, "the worker cannot run on %s: %v", where, e).WithHint("run `%s about` there by hand", f.root+"/workers/*/worker")
}

// send writes the order into its folder; it is Cancelled when somebody cancelled it before.
func (f folder) send(ctx context.Context, o run.Order) error {
	if err := o.Check(); err != nil {
		return err
	}
	text, err := json.Marshal(o)
	if err != nil {
		return lab.Errorf(lab.Internal, "order %s cannot be written: %w", o.ID, err)
	}
	dir := f.path("orders", o.ID)
	script := fmt.Sprintf(`set -e; umask 077; mkdir -p %[1]s %[2]s %[3]s; cd %[1]s; if [ -e cancelled ]; then exit 8; fi; cat > part.$$; mv -f part.$$ order.json`, dir, f.path("runs"), f.path("cache"))
	err = f.sh.Run(ctx, script, bytes.NewReader(text), nil)
	if e, ok := errors.AsType[*shell.Exit](err); ok && e.Status == 8 {
		return lab.Errorf(lab.Cancelled, "the order %s was cancelled", o.ID).WithHint("run again to send it once more")
	}
	return f.explain(err)
}

// work is the command with which a worker does something with an order.
func (f folder) work(worker, verb, id, more string) string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %s --runs %s --cache %s %s", f.command(worker), verb, f.path("orders", id), f.path("runs"), f.path("cache"), more))
}

// Fetch does what Site.Fetch says.
func (f folder) Fetch(ctx context.Context, _, key string, from int64, w io.Writer) error {
	// tail counts from 1. Its complaint when head has enough is nobody's business.
	script := fmt.Sprintf(`f=%s; [ -f "$f" ] || exit 0; tail -c +%d "$f" 2>/dev/null | head -c %d`, f.path("runs", key, run.RecordFile), from+1, FetchLimit)
	return f.explain(f.sh.Run(ctx, script, nil, w))
}

// records is the part of a script that tells of the records of the runs whose keys come on its standard input, a line each: `size BYTES
// KEY/record.loci`, `fault KEY JSON`, `free KILOBYTES`. Ten thousand keys are more than a command may be long, and a process for each of them would
// take the far computer many seconds.
func (f folder) records() string {
	return fmt.Sprintf(`cd %s 2>/dev/null || exit 0; k=$(cat)
echo "$k" | sed 's|$|/%s|' | xargs wc -c 2>/dev/null | sed 's|^ *|size |'
echo "$k" | sed 's|$|/%s|' | xargs ls -d 2>/dev/null | while read -r n; do echo "fault ${n%%/*} $(head -c 4000 "$n" | tr '\n' ' ')"; done
df -Pk . 2>/dev/null | awk 'NR==2{print "free",$4}'; exit 0`, f.path("runs"), run.RecordFile, run.FaultFile)
}

// told runs a script that ends with records, for the runs of an order, and returns what it printed.
func (f folder) told(ctx context.Context, o run.Order, script string) (string, error) {
	b, err := shell.Answer(ctx, f.sh, script, strings.NewReader(strings.Join(keys(o), "\n")+"\n"), answerLimit)
	return string(b), f.explain(err)
}

// note takes one line that records printed into a sight; other lines are left to the caller.
func (s *Sight) note(line string) bool {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "size":
		size, path, _ := strings.Cut(rest, " ")
		key, is := strings.CutSuffix(strings.TrimSpace(path), "/"+run.RecordFile)
		if seen, known := s.Runs[key]; is && known { // the other lines are sums
			seen.Bytes, _ = strconv.ParseInt(size, 10, 64) // wc prints a number
			s.Runs[key] = seen
		}
	case "fault":
		key, text, _ := strings.Cut(rest, " ")
		var fault run.Fault
		if json.Unmarshal([]byte(text), &fault) == nil {
			seen := s.Runs[key]
			seen.Fault = &fault
			s.Runs[key] = seen
		}
	case "free":
		if kb, err := strconv.ParseInt(strings.TrimSpace(rest), 10, 64); err == nil {
			s.Free = kb << 10
		}
	default:
		return false
	}
	return true
}

// Clean does what Site.Clean says. Workers and warm starts stay for the next order.
func (f folder) Clean(ctx context.Context, o run.Order) error {
	_, err := f.told(ctx, o, fmt.Sprintf("rm -rf %s; cd %s 2>/dev/null || exit 0; xargs rm -rf", f.path("orders", o.ID), f.path("runs")))
	return err
}

// room wants space on the disk there.
func (f folder) room(ctx context.Context) (string, error) {
	text, err := f.out(ctx, `mkdir -p %[1]s && df -Pk %[1]s | awk 'NR==2{print $4}'`, shell.Home(f.root))
	if err != nil {
		return "", err
	}
	kb, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return "how much is free is not known", nil
	}
	if kb<<10 < roomFloor {
		return "", lab.Errorf(lab.Unavailable, "%s of %s has %d MB free, want %d", f.root, f.sh.Title(), kb>>10, roomFloor>>20).
			WithHint("free space there, or set a folder of the target on another disk")
	}
	return fmt.Sprintf("%.1f GB free", float64(kb)/(1<<20)), nil
}

// Close ends the connection.
func (f folder) Close() error { return f.sh.Close() }
