//go:build unix

package app

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

// needsWorker skips where no worker was built: build/test builds it, and so does `make build`.
func needsWorker(t *testing.T) {
	t.Helper()
	if os.Getenv("LOCI_WORKERS") == "" {
		t.Skip("LOCI_WORKERS names no folder of workers; `build/targets` sets it")
	}
}

// needs returns a variable that build/targets sets, with the kind of target that it belongs to.
func needs(t *testing.T, name string) string {
	t.Helper()
	needsWorker(t)
	v := os.Getenv(name)
	if v == "" {
		t.Skip(name + " is not set; `build/targets` starts what it names")
	}
	return v
}

// longer is small with runs that can be met while they go on.
func longer(steps int) string {
	return strings.Replace(holding(">= 0.9"), "steps: 256", "steps: "+strconv.Itoa(steps), 1)
}

// kinds are the targets that can be used here, each as the words that add it.
func kinds(t *testing.T) map[string][]string {
	t.Helper()
	folder := "--set=folder=" + filepath.Join(t.TempDir(), "there")
	all := map[string][]string{"computer": {"--computer", folder, "--set=jobs=2"}}
	if at := os.Getenv("LOCI_TEST_SSH"); at != "" {
		all["ssh"] = []string{"--ssh", at, folder, "--set=key=" + os.Getenv("LOCI_TEST_SSH_KEY"), "--set=host-key=" + os.Getenv("LOCI_TEST_SSH_HOST_KEY")}
	}
	if at := os.Getenv("LOCI_TEST_SLURM"); at != "" {
		all["slurm"] = []string{"--slurm", at, folder, "--set=time=10", "--set=gres=gpu:1"}
	}
	if at := os.Getenv("LOCI_TEST_RAY"); at != "" {
		all["ray"] = []string{"--ray", at, "--set=cpus=1"}
	}
	return all
}

// add sets up the target "there".
func (u user) add(words ...string) {
	u.t.Helper()
	u.loci(exitOK, append([]string{"target", "add", "there"}, words...)...)
}

// records are the paths of a data folder's records, by run key.
func (u user) records() map[string]string {
	all := map[string]string{}
	paths, _ := filepath.Glob(filepath.Join(u.home, "runs", "*", "*", "record.loci"))
	for _, p := range paths {
		all[filepath.Base(filepath.Dir(p))] = p
	}
	return all
}

// wantSame compares the records of two data folders but for times, and for the build and machine that the first event names.
func wantSame(t *testing.T, a, b user) {
	t.Helper()
	here, there := a.records(), b.records()
	if len(here) == 0 || len(here) != len(there) {
		t.Fatalf("%d and %d records", len(here), len(there))
	}
	for key, path := range here {
		if x, y := payloads(t, path), payloads(t, there[key]); !slices.Equal(x, y) {
			i := 0
			for i < min(len(x), len(y)) && x[i] == y[i] {
				i++
			}
			t.Errorf("run %s: %d and %d events, the first difference is event %d", key, len(x), len(y), i)
		}
	}
}

func payloads(t *testing.T, path string) (all []string) {
	t.Helper()
	for f, err := range record.Scan(path, record.Position{}) {
		if err != nil {
			t.Fatal(err)
		}
		ev, err := f.Event()
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := ev.(lab.Start); ok {
			if s.Machine == "" || s.Kernel == "" {
				t.Errorf("%s does not say where it was made: %+v", path, s)
			}
			continue
		}
		all = append(all, string(f.Kind)+" "+string(f.Payload))
	}
	return all
}

// runHere runs a notebook in this process, in a data folder of its own.
func runHere(t *testing.T, file string, words ...string) user {
	t.Helper()
	u := user{t: t, home: filepath.Join(t.TempDir(), "local")}
	u.loci(exitOK, append([]string{"run", file, "--home", u.home}, words...)...)
	return u
}

// nothingLeft wants no order, run or process of the folder there.
func nothingLeft(t *testing.T, words []string) {
	t.Helper()
	for _, w := range words {
		folder, ok := strings.CutPrefix(w, "--set=folder=")
		if !ok {
			continue
		}
		for _, sub := range []string{"orders", "runs"} {
			if left, _ := os.ReadDir(filepath.Join(folder, sub)); len(left) > 0 {
				t.Errorf("%s still has %d entries, the first %s", filepath.Join(folder, sub), len(left), left[0].Name())
			}
		}
		if p := processes(t, folder); len(p) > 0 {
			t.Errorf("processes are left: %q", p)
		}
	}
}

// processes lists the workers whose command names a folder.
func processes(t *testing.T, folder string) []string {
	t.Helper()
	return processesWhose(t, "cmdline", func(line string) bool { return strings.Contains(line, "/worker run") && strings.Contains(line, folder) })
}

// processesWhose lists the processes of this computer by what stands in a file that the system keeps of each: its command or its environment,
// with spaces between the parts.
func processesWhose(t *testing.T, file string, is func(text string) bool) (all []string) {
	t.Helper()
	paths, err := filepath.Glob("/proc/[0-9]*/" + file)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		text, _ := os.ReadFile(p) // it may have ended since
		if is(strings.ReplaceAll(string(text), "\x00", " ")) {
			all = append(all, filepath.Base(filepath.Dir(p)))
		}
	}
	return all
}

// asLoci makes this test's program Loci itself, with these arguments.
const asLoci = "LOCI_TEST_LOCI_ARGS"

func TestLociItself(t *testing.T) {
	args, ok := os.LookupEnv(asLoci)
	if !ok {
		t.Skip("is Loci itself where another test starts it")
	}
	os.Exit(Main(strings.Split(args, "\x1f")))
}

// killedAfter runs Loci as a process of its own, and kills it without warning once a record has come to so many bytes.
func (u user) killedAfter(bytes int64, args ...string) {
	u.t.Helper()
	cmd := exec.CommandContext(u.t.Context(), os.Args[0], "-test.run=^TestLociItself$")
	cmd.Env = append(os.Environ(), asLoci+"="+strings.Join(args, "\x1f"))
	if err := cmd.Start(); err != nil {
		u.t.Fatal(err)
	}
	u.meet(bytes)
	if err := cmd.Process.Kill(); err != nil {
		u.t.Fatal(err)
	}
	_ = cmd.Wait() // it says that it was killed
}

// meet waits until a run's record here has so many bytes.
func (u user) meet(bytes int64) {
	u.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); {
		for _, p := range u.records() {
			if info, err := os.Stat(p); err == nil && info.Size() > bytes {
				return
			}
		}
		<-time.After(20 * time.Millisecond) // a process elsewhere tells nobody
	}
	u.t.Fatal("no record has come")
}

const one = "--arm=rnn"

// meetable is a run of some seconds, of which something can be met.
func meetable(u user) (file string, words []string) {
	return u.notebook(longer(900_000)), []string{one, "--seeds=0"}
}

// stoppable is a run that is still going on when its first bytes have come: of a Ray job they come late.
func stoppable(u user, kind string) (file string, words []string) {
	steps := 1_200_000
	if kind == "ray" {
		steps = 4_000_000
	}
	return u.notebook(longer(steps)), []string{one, "--seeds=0"}
}

func (u user) start(ctx context.Context, words ...string) (wait func() (code int, said string)) {
	var out, text bytes.Buffer
	over := make(chan int, 1)
	go func() { over <- (&cli{out: &out, err: &text}).main(ctx, words) }()
	return func() (int, string) { return <-over, text.String() }
}

// away is how long a connection is cut in the test: LOCI_TEST_AWAY seconds, 3 where it is not set.
func away() time.Duration {
	if n, err := strconv.Atoi(os.Getenv("LOCI_TEST_AWAY")); err == nil {
		return time.Duration(n) * time.Second
	}
	return 3 * time.Second
}
