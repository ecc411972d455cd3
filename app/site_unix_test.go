//go:build unix

package app

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
	"github.com/loci-lab/loci/backend/run"
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
func processes(t *testing.T, folder string) (all []string) {
	t.Helper()
	paths, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		text, _ := os.ReadFile(p) // it may have ended since
		if line := strings.ReplaceAll(string(text), "\x00", " "); strings.Contains(line, "/worker run") && strings.Contains(line, folder) {
			all = append(all, filepath.Base(filepath.Dir(p)))
		}
	}
	return all
}

func TestTargetGivesTheRecordsOfALocalRun(t *testing.T) {
	needsWorker(t)
	for kind, words := range kinds(t) {
		t.Run(kind, func(t *testing.T) {
			u := newUser(t)
			u.add(words...)
			out, _ := u.loci(exitOK, "target", "test", "there")
			wantWords(t, out, "worker")
			file := u.notebook(holding(">= 0.9"))
			u.loci(exitOK, "run", file, "--target", "there")
			wantSame(t, runHere(t, file), u)
			nothingLeft(t, words)
			_, said := u.loci(exitOK, "run", file, "--target", "there")
			wantWords(t, said, "Nothing to run (4 unchanged)")
		})
	}
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
	return u.notebook(longer(600_000)), []string{one, "--seeds=0"}
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

func TestTargetWhoseWorkerIsKilledGoesOnFromItsCheckpoint(t *testing.T) {
	needsWorker(t)
	u := newUser(t)
	words := kinds(t)["computer"]
	u.add(words...)
	file, pick := meetable(u)
	wait := u.start(t.Context(), append([]string{"run", file, "--target", "there"}, pick...)...)
	u.meet(20_000)
	for _, p := range processes(t, strings.TrimPrefix(words[1], "--set=folder=")) {
		n, _ := strconv.Atoi(p)
		if err := syscall.Kill(-n, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	code, said := wait()
	if code != exitError {
		t.Errorf("ends with %d", code)
	}
	wantWords(t, said, "was killed", "run again to go on from its last checkpoint")
	if kept, _ := filepath.Glob(filepath.Join(strings.TrimPrefix(words[1], "--set=folder="), "runs", "*", "checkpoint-*")); len(kept) == 0 {
		t.Error("no checkpoint is left there to go on from")
	}
	u.loci(exitOK, append([]string{"run", file, "--target", "there"}, pick...)...)
	wantSame(t, runHere(t, file, pick...), u)
	nothingLeft(t, words)
}

func TestTargetCancelledRunLeavesNoProcessAndGoesOnLater(t *testing.T) {
	needsWorker(t)
	for kind, words := range kinds(t) {
		t.Run(kind, func(t *testing.T) {
			u := newUser(t)
			u.add(words...)
			file, pick := stoppable(u, kind)
			ctx, cancel := context.WithCancel(t.Context())
			wait := u.start(ctx, append([]string{"run", file, "--target", "there"}, pick...)...)
			u.meet(20_000)
			cancel()
			if code, said := wait(); code != exitError || !strings.Contains(said, "stopped; what was done is kept") {
				t.Errorf("ends with %d:\n%s", code, said)
			}
			nothingLeft(t, words)
			u.loci(exitOK, append([]string{"run", file, "--target", "there"}, pick...)...)
			wantSame(t, runHere(t, file, pick...), u)
		})
	}
}

func TestTargetCancelDuringSubmitStartsNothing(t *testing.T) {
	needsWorker(t)
	for kind, words := range kinds(t) {
		t.Run(kind, func(t *testing.T) {
			u := newUser(t)
			u.add(words...)
			file, pick := meetable(u)
			for _, after := range []time.Duration{300, 320, 380, 500, 700, 1000} {
				ctx, cancel := context.WithTimeout(t.Context(), after*time.Millisecond)
				code, _ := u.start(ctx, append([]string{"run", file, "--target", "there"}, pick...)...)()
				cancel()
				if code != exitError {
					t.Errorf("ends with %d", code)
				}
				nothingLeft(t, words)
				nothingQueued(t, kind)
			}
		})
	}
}

// nothingQueued wants no job of the cluster that waits or runs.
func nothingQueued(t *testing.T, kind string) {
	t.Helper()
	if !strings.HasPrefix(kind, "slurm") {
		return
	}
	var out []byte
	for range 50 { // what was ended is being put away for a moment
		var err error
		if out, err = exec.CommandContext(t.Context(), "squeue", "-h", "-r", "-o", "%i %T").CombinedOutput(); err == nil && strings.TrimSpace(string(out)) == "" {
			return
		}
		<-time.After(200 * time.Millisecond)
	}
	t.Errorf("Slurm still has %s", out)
}

func TestTargetWorkGoesOnWhileLociIsAwayAndIsFetchedLater(t *testing.T) {
	needsWorker(t)
	for kind, words := range kinds(t) {
		t.Run(kind, func(t *testing.T) {
			u := newUser(t)
			u.add(words...)
			file, pick := meetable(u)
			_, said := u.loci(exitOK, append([]string{"run", file, "--target", "there", "--leave"}, pick...)...)
			wantWords(t, said, "there has the runs")
			if notes, _ := filepath.Glob(filepath.Join(u.home, "orders", "*.json")); len(notes) != 1 {
				t.Fatalf("%d notes on what was sent", len(notes))
			}
			u.loci(exitOK, append([]string{"run", file, "--target", "there"}, pick...)...)
			wantSame(t, runHere(t, file, pick...), u)
			nothingLeft(t, words)
			if notes, _ := filepath.Glob(filepath.Join(u.home, "orders", "*.json")); len(notes) != 0 {
				t.Errorf("%d notes are left", len(notes))
			}
		})
	}
}

// cuttable is a relay to an address whose connections can be cut, and that then refuses new ones until it is mended.
type cuttable struct {
	net.Listener
	to  string
	cut atomic.Bool

	mu    sync.Mutex
	conns []net.Conn
}

func relay(t *testing.T, to string) *cuttable {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cuttable{Listener: l, to: to}
	t.Cleanup(func() { _ = l.Close(); c.sever() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if c.cut.Load() {
				_ = conn.Close()
				continue
			}
			go c.carry(conn)
		}
	}()
	return c
}

func (c *cuttable) carry(conn net.Conn) {
	far, err := net.Dial("tcp", c.to)
	if err != nil {
		_ = conn.Close()
		return
	}
	c.mu.Lock()
	c.conns = append(c.conns, conn, far)
	c.mu.Unlock()
	go func() { _, _ = io.Copy(far, conn); _ = far.Close() }()
	_, _ = io.Copy(conn, far)
	_ = conn.Close()
}

func (c *cuttable) sever() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.conns {
		_ = conn.Close()
	}
	c.conns = nil
}

// away is how long a connection is cut in the test: LOCI_TEST_AWAY seconds, 3 where it is not set.
func away() time.Duration {
	if n, err := strconv.Atoi(os.Getenv("LOCI_TEST_AWAY")); err == nil {
		return time.Duration(n) * time.Second
	}
	return 3 * time.Second
}

// overSSH are the targets that are reached over SSH, each as the words that add it at an address.
func overSSH(t *testing.T, at string) map[string][]string {
	t.Helper()
	folder := "--set=folder=" + filepath.Join(t.TempDir(), "there")
	login := []string{"--set=key=" + os.Getenv("LOCI_TEST_SSH_KEY"), "--set=host-key=" + os.Getenv("LOCI_TEST_SSH_HOST_KEY")}
	all := map[string][]string{"ssh": append([]string{"--ssh", at, folder}, login...)}
	if os.Getenv("LOCI_TEST_SLURM") != "" {
		all["slurm over ssh"] = append([]string{"--slurm", at, folder, "--set=time=10"}, login...)
	}
	return all
}

func TestTargetWhoseConnectionIsCutLosesNothing(t *testing.T) {
	at := needs(t, "LOCI_TEST_SSH")
	account, address, _ := strings.Cut(at, "@")
	c := relay(t, address)
	for kind, words := range overSSH(t, account+"@"+c.Addr().String()) {
		t.Run(kind, func(t *testing.T) {
			u := newUser(t)
			u.add(words...)
			file, pick := meetable(u)
			wait := u.start(t.Context(), append([]string{"run", file, "--target", "there"}, pick...)...)
			u.meet(20_000)
			c.cut.Store(true)
			c.sever()
			<-time.After(away())
			c.cut.Store(false)
			if code, said := wait(); code != exitOK {
				t.Fatalf("ends with %d:\n%s", code, said)
			}
			wantSame(t, runHere(t, file, pick...), u)
			nothingLeft(t, words)
		})
	}
}

func TestTargetClusterThatFailsForAWhileLosesNothing(t *testing.T) {
	at := needs(t, "LOCI_TEST_RAY")
	to, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	var sick atomic.Int32 // 1 answers 500, 2 garbage
	proxy := httputil.NewSingleHostReverseProxy(to)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch sick.Load() {
		case 1:
			http.Error(w, "out of order", http.StatusInternalServerError)
		case 2:
			_, _ = w.Write([]byte("<html>not what you wanted</html>"))
		default:
			proxy.ServeHTTP(w, r)
		}
	}))
	defer front.Close()
	u := newUser(t)
	u.add("--ray", front.URL)
	file, pick := meetable(u)
	wait := u.start(t.Context(), append([]string{"run", file, "--target", "there"}, pick...)...)
	u.meet(20_000)
	for _, how := range []int32{1, 2} {
		sick.Store(how)
		<-time.After(away() / 2)
	}
	sick.Store(0)
	if code, said := wait(); code != exitOK {
		t.Fatalf("ends with %d:\n%s", code, said)
	}
	wantSame(t, runHere(t, file, pick...), u)
}

func TestTargetRunThatSlurmPutsBackIntoTheQueueGoesOn(t *testing.T) {
	needs(t, "LOCI_TEST_SLURM")
	words := kinds(t)["slurm"]
	u := newUser(t)
	u.add(words...)
	file, pick := meetable(u)
	wait := u.start(t.Context(), append([]string{"run", file, "--target", "there"}, pick...)...)
	u.meet(20_000)
	out, err := exec.CommandContext(t.Context(), "sh", "-c", `for j in $(squeue -h -r -o %i); do scontrol requeue $j; done`).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	hurry(t)
	if code, said := wait(); code != exitOK {
		t.Fatalf("ends with %d:\n%s", code, said)
	}
	wantSame(t, runHere(t, file, pick...), u)
	nothingLeft(t, words)
}

// hurry lets what Slurm put back into the queue begin at once: by itself it waits for two minutes.
func hurry(t *testing.T) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `while sleep 1; do for j in $(squeue -h -r -t PD -o %i); do scontrol update JobId=$j StartTime=now; done; done`)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = cmd.Wait() }() // it ends with the test
}

func TestTargetRunThatAnotherJobPutsAsideGoesOn(t *testing.T) {
	log := needs(t, "LOCI_TEST_SLURM_LOG")
	words := append(kinds(t)["slurm"], "--set=partition=low")
	u := newUser(t)
	u.add(words...)
	file, pick := meetable(u)
	wait := u.start(t.Context(), append([]string{"run", file, "--target", "there"}, pick...)...)
	u.meet(20_000)
	job, err := exec.CommandContext(t.Context(), "sbatch", "--parsable", "-p", "high", "-N", "2", "--exclusive", "-o", "/dev/null", "--wrap", "sleep 3").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, job)
	}
	hurry(t)
	if code, said := wait(); code != exitOK {
		t.Fatalf("ends with %d:\n%s", code, said)
	}
	text, err := os.ReadFile(log)
	if err != nil || !strings.Contains(strings.ToLower(string(text)), "preempt") {
		t.Errorf("Slurm preempted nothing, %v", err)
	}
	wantSame(t, runHere(t, file, pick...), u)
	nothingLeft(t, words)
}

// TestTargetRunsSpreadOverTheNodesOfACluster also has an order become two arrays: the cluster of build/targets takes three tasks in one.
func TestTargetRunsSpreadOverTheNodesOfACluster(t *testing.T) {
	log := needs(t, "LOCI_TEST_SLURM_JOBS")
	before, _ := os.ReadFile(log) // it may not be there yet
	words := append(kinds(t)["slurm"], "--set=jobs=4")
	u := newUser(t)
	u.add(words...)
	file := u.notebook(longer(60_000))
	u.loci(exitOK, "run", file, "--target", "there", "--seeds", "0-3")
	wantSame(t, runHere(t, file, "--seeds", "0-3"), u)
	nothingLeft(t, words)
	after, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	ran := string(after[len(before):])
	for _, node := range []string{"node0", "node1"} {
		if !strings.Contains(ran, "NodeList="+node) {
			t.Errorf("nothing ran on %s:\n%s", node, ran)
		}
	}
}

// asOwner makes this test's program Loci itself, so that it can be killed.
const asOwner = "LOCI_TEST_OWNER_ARGS"

func TestTargetOwnerThatWasKilledFindsItsRunsAgain(t *testing.T) {
	if args := os.Getenv(asOwner); args != "" {
		os.Exit(Main(strings.Split(args, "\x1f")))
	}
	needsWorker(t)
	for kind, words := range kinds(t) {
		t.Run(kind, func(t *testing.T) {
			u := newUser(t)
			u.add(words...)
			file, pick := stoppable(u, kind)
			args := append([]string{"run", file, "--target", "there"}, pick...)
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestTargetOwnerThatWasKilledFindsItsRunsAgain$")
			cmd.Env = append(os.Environ(), asOwner+"="+strings.Join(args, "\x1f"))
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			u.meet(20_000)
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			u.loci(exitOK, args...)
			wantSame(t, runHere(t, file, pick...), u)
			nothingLeft(t, words)
		})
	}
}

// TestTargetBrokenSetUpsAreToldInPlainWords tries ten that people meet.
func TestTargetBrokenSetUpsAreToldInPlainWords(t *testing.T) {
	needsWorker(t)
	u := newUser(t)
	try := func(name string, words []string, says ...string) {
		t.Run(name, func(t *testing.T) {
			u := user{t: t, home: u.home}
			u.loci(exitOK, append([]string{"target", "add", "there", "--replace"}, words...)...)
			_, said := u.loci(exitError, "target", "test", "there")
			wantWords(t, said, append(says, "   do: ")...)
		})
	}
	folder := func(t *testing.T) string { return "--set=folder=" + filepath.Join(t.TempDir(), "there") }
	if at := os.Getenv("LOCI_TEST_SSH"); at != "" {
		key, host := "--set=key="+os.Getenv("LOCI_TEST_SSH_KEY"), "--set=host-key="+os.Getenv("LOCI_TEST_SSH_HOST_KEY")
		account, _, _ := strings.Cut(at, "@")
		try("wrong host key", []string{"--ssh", at, key, "--set=host-key=SHA256:" + strings.Repeat("A", 43)}, "shows the host key SHA256:", "another computer answers")
		try("no key that it takes", []string{"--ssh", at, "--set=key=" + os.Getenv("LOCI_TEST_SSH_STRANGER"), host}, "takes none of our keys")
		try("a key file that is not there", []string{"--ssh", at, "--set=key=/no/such/key", host}, "there is no key file")
		try("port closed", []string{"--ssh", account + "@127.0.0.1:1", key, host}, "port 1 of 127.0.0.1 is closed")
	}
	if os.Getenv("LOCI_TEST_SLURM") != "" {
		try("unknown partition", []string{"--slurm", "here", folder(t), "--set=partition=nope"}, `no partition "nope"`)
		try("more GPUs than there are", []string{"--slurm", "here", folder(t), "--set=gres=gpu:99"}, "no node can ever do that")
	}
	if _, err := exec.LookPath("nvidia-smi"); err != nil {
		try("no GPU", []string{"--computer", folder(t), "--set=gpus=0"}, "has no GPU")
	}
	refuses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "who are you?", http.StatusUnauthorized) }))
	defer refuses.Close()
	try("wrong key of the interface", []string{"--ray", refuses.URL}, "refuses the key")

	other := t.TempDir()
	name := filepath.Join(other, "worker-"+runtime.GOOS+"-"+runtime.GOARCH)
	broken := func(text string) {
		if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		t.Setenv("LOCI_WORKERS", other)
	}
	broken("\x7fELF\x02\x01\x01\x00" + strings.Repeat("\x00", 8) + "\x02\x00\xf3\x00\x01\x00\x00\x00" + strings.Repeat("\x00", 100))
	try("wrong architecture", []string{"--computer", folder(t)}, "another processor")
	broken("#!/lib/ld-of-a-newer-libc.so.9\n")
	try("old libc", []string{"--computer", folder(t)}, "C library")
}

// mounted is a file system of its own, where this account may mount one.
func mounted(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", options, "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("no file system can be mounted here: %v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", dir).Run() })
	return dir
}

func TestTargetFolderThatForbidsProgramsIsToldInPlainWords(t *testing.T) {
	needsWorker(t)
	u := newUser(t)
	u.add("--computer", "--set=folder="+mounted(t, "noexec,size=400m"))
	_, said := u.loci(exitError, "target", "test", "there")
	wantWords(t, said, "may not be executed", "noexec")
}

func TestTargetWithAFullDiskIsToldAndGoesOnWhenThereIsRoom(t *testing.T) {
	needsWorker(t)
	dir := mounted(t, "size=17m")
	u := newUser(t)
	u.add("--computer", "--set=folder="+dir)
	_, said := u.loci(exitError, "target", "test", "there")
	wantWords(t, said, "MB free, want 256")
	file, pick := meetable(u)
	code, said := u.start(t.Context(), append([]string{"run", file, "--target", "there"}, pick...)...)()
	if code != exitError {
		t.Fatalf("a run on a disk of 17 MB ends with %d:\n%s", code, said)
	}
	wantWords(t, said, "free space")
	if !strings.Contains(said, "no space left") && !strings.Contains(said, "is full") {
		t.Errorf("it is not said that the disk is full:\n%s", said)
	}
	if out, err := exec.CommandContext(t.Context(), "mount", "-o", "remount,size=400m", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	u.loci(exitOK, append([]string{"run", file, "--target", "there"}, pick...)...)
	wantSame(t, runHere(t, file, pick...), u)
}

// fill writes a file until the disk of a folder is full, and returns what frees it.
func fill(t *testing.T, dir string) (free func()) {
	t.Helper()
	path := filepath.Join(dir, "filler")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, piece := range []int{1 << 20, 1 << 12, 1} { // the last byte, too
		for b := make([]byte, piece); err == nil || errors.Is(err, io.ErrShortWrite); {
			_, err = f.Write(b)
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
		err = nil
	}
	_ = f.Close()
	return func() {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTargetWhatComesBackToAFullDiskWaitsForRoom(t *testing.T) {
	needsWorker(t)
	words := kinds(t)["computer"]
	u := newUser(t)
	u.add(words...)
	disk := mounted(t, "size=17m")
	if err := os.Symlink(disk, filepath.Join(u.home, "runs")); err != nil {
		t.Fatal(err)
	}
	file, pick := meetable(u)
	wait := u.start(t.Context(), append([]string{"run", file, "--target", "there"}, pick...)...)
	u.meet(20_000)
	free := fill(t, disk)
	for folder := strings.TrimPrefix(words[1], "--set=folder="); len(processes(t, folder)) > 0; {
		<-time.After(100 * time.Millisecond) // until the run has ended there
	}
	<-time.After(away())
	for _, p := range u.records() {
		if end, ok, err := run.Ended(p); ok || err != nil {
			t.Errorf("a record on a full disk has its end: %+v, %v", end, err)
		}
	}
	free()
	code, said := wait()
	if code != exitOK {
		t.Fatalf("ends with %d:\n%s", code, said)
	}
	wantWords(t, said, "what comes back cannot be kept", "no space left")
	wantSame(t, runHere(t, file, pick...), u)
	nothingLeft(t, words)
}

func TestTargetThatIsNoneIsRefusedBeforeAnythingIsSent(t *testing.T) {
	u := newUser(t)
	file := u.notebook(holding(">= 0.9"))
	_, said := u.loci(exitError, "run", file, "--target", "nowhere")
	wantWords(t, said, `no target "nowhere"`, "loci target add nowhere --ssh")
	_, said = u.loci(exitError, "run", file, "--leave")
	wantWords(t, said, "--leave is for runs that a target carries out")
}
