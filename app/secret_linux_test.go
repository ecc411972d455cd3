package app

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// programVariable makes the test program the program itself.
const programVariable = "LOCI_TEST_PROGRAM"

// TestAsTheProgram is no test: other tests start it as a process of its own, with the command line after "--".
func TestAsTheProgram(t *testing.T) {
	if os.Getenv(programVariable) == "" {
		t.Skip(programVariable + " is not set: other tests start this one as a program")
	}
	for i, a := range os.Args {
		if a == "--" {
			ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt)
			defer stop()
			os.Exit((&cli{out: os.Stdout, err: os.Stderr, in: os.Stdin, keep: cheapSecrets}).main(ctx, os.Args[i+1:]))
		}
	}
	t.Fatal("no command line")
}

// cheapSecrets are the system's, with scrypt at a cost that suits tests.
func cheapSecrets(home string) *secretStore {
	s := systemSecrets(home)
	s.file.work = 10
	return s
}

// program prepares a process that runs one command line; before is a shell command to do first.
func program(t *testing.T, home, before string, args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	script := before + ` exec "$0" -test.run='^TestAsTheProgram$' -- "$@"`
	cmd := exec.CommandContext(t.Context(), "sh", append([]string{"-c", script, self}, args...)...)
	cmd.Env = append(os.Environ(), programVariable+"=1", "LOCI_HOME="+home, "DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere")
	return cmd
}

func TestTheProcessListNeverShowsAValue(t *testing.T) {
	home := filepath.Join(t.TempDir(), "home")
	t.Setenv(passphraseVariable, phrase)
	cmd := program(t, home, "", "secret", "set", "my-service")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	look := func() (seen bool) {
		all := commandLines(t)
		if bytes.Contains(all, []byte(value)) || bytes.Contains(all, []byte(phrase)) {
			t.Error("the process list shows it")
		}
		return bytes.Contains(all, []byte("\x00set\x00my-service\x00"))
	}
	if _, err := io.WriteString(in, value); err != nil {
		t.Fatal(err)
	}
	if !look() { // it waits for the end of its input
		t.Error("the process is not in the list")
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for running := true; running; {
		select {
		case err := <-ended:
			if running = false; err != nil {
				t.Fatalf("%v: %s", err, said.String())
			}
		default:
			look()
		}
	}
	wantWords(t, said.String(), "no key store could be used", "encrypted file")
	if strings.Contains(said.String(), value) || strings.Contains(said.String(), phrase) {
		t.Error(said.String())
	}
	s := newSecretStore(home, systemKeys{}, askPassphrase)
	if got, err := s.Get(t.Context(), "my-service"); got.Reveal() != value || err != nil {
		t.Errorf("%q, %v", got.Reveal(), err)
	}
}

// commandLines returns the command lines of all processes of this computer.
func commandLines(t *testing.T) (all []byte) {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		if b, err := os.ReadFile(f); err == nil { // else it is gone already
			all = append(all, b...)
		}
	}
	return all
}

func TestAFullDiskLeavesTheSecretsAsTheyWere(t *testing.T) {
	k := newKeeper(t)
	k.send(exitOK, value, "secret", "set", "a", "--file")
	k.send(exitOK, "c", "secret", "set", "c", "--file")
	t.Setenv(passphraseVariable, phrase)
	before := filesOf(t, k.home)
	for _, args := range [][]string{{"secret", "set", "b", "--file"}, {"secret", "remove", "a"}, {"target", "add", "near", "--service", "http://127.0.0.1:1"}} {
		// A limit on the size of files is the nearest thing to a full disk that needs no rights.
		cmd := program(t, k.home, "ulimit -f 0;", args...)
		cmd.Stdin = strings.NewReader("new value")
		text, err := cmd.CombinedOutput()
		if err == nil || strings.Contains(string(text), "new value") {
			t.Errorf("%v: %v", args, err)
		}
		wantWords(t, string(text), "error: ", "file too large", "do: ", "disk")
		if after := filesOf(t, k.home); after != before {
			t.Errorf("%v: the files were\n%s\nand are\n%s", args, before, after)
		}
	}
}

func filesOf(t *testing.T, dir string) (all string) {
	names, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		if filepath.Ext(n.Name()) != ".lock" {
			all += fmt.Sprintf("%s %q\n", n.Name(), read(t, filepath.Join(dir, n.Name())))
		}
	}
	return all
}

// openTerminal makes a terminal of which the test holds the other end.
func openTerminal(t *testing.T) (master, slave *os.File) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("this system gives no terminals: ", err)
	}
	master = os.NewFile(uintptr(fd), "ptmx")
	t.Cleanup(func() { master.Close() })
	n, err := unix.IoctlGetUint32(fd, unix.TIOCGPTN)
	if err := errors.Join(err, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)); err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("this system gives no terminals: ", err)
	}
	return master, slave
}

func TestATerminalIsAskedAndDoesNotShowWhatIsTyped(t *testing.T) {
	t.Setenv(passphraseVariable, "")
	home := filepath.Join(t.TempDir(), "home")
	shown, err := typed(t, program(t, home, "", "secret", "set", "a"), []exchange{
		{"Value of a (not shown): ", value + "\n"}, {"Passphrase of the encrypted file (not shown): ", phrase + "\n"}, {"The same again: ", phrase + "\n"}})
	if err != nil {
		t.Fatalf("%v: %s", err, shown)
	}
	wantWords(t, shown, "Secret a is kept in the encrypted file")
	if strings.Contains(shown, value) || strings.Contains(shown, phrase) {
		t.Errorf("the terminal shows it: %s", shown)
	}
	shown, err = typed(t, program(t, home, "", "secret", "set", "b"), []exchange{{"Value of b (not shown): ", "\x03"}})
	if err == nil {
		t.Error("Ctrl+C at the prompt keeps a secret")
	}
	wantWords(t, shown, "stopped at the prompt, nothing was kept")
	s := newSecretStore(home, systemKeys{}, askPassphrase)
	if all, err := s.List(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("%v, %v", all, err)
	}
}

// exchange is a prompt and what is typed when it stands there.
type exchange struct{ prompt, typed string }

// typed runs a process at a terminal and returns all that the terminal showed.
func typed(t *testing.T, cmd *exec.Cmd, all []exchange) (shown string, err error) {
	master, slave := openTerminal(t)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := slave.Close(); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4096)
	for {
		n, err := master.Read(buf)
		shown += string(buf[:n])
		if len(all) > 0 && strings.HasSuffix(shown, all[0].prompt) {
			awaitNoEcho(t, master)
			if _, err := io.WriteString(master, all[0].typed); err != nil {
				t.Fatal(err)
			}
			all = all[1:]
		}
		if err != nil { // the process closed its end
			break
		}
	}
	return shown, cmd.Wait()
}

// awaitNoEcho waits until the terminal shows nothing of what is typed: the prompt stands there a moment earlier.
func awaitNoEcho(t *testing.T, master *os.File) {
	for t.Context().Err() == nil {
		s, err := unix.IoctlGetTermios(int(master.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		if s.Lflag&unix.ECHO == 0 {
			return
		}
	}
}
