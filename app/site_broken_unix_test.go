//go:build unix

package app

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

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

func TestTargetThatIsNoneIsRefusedBeforeAnythingIsSent(t *testing.T) {
	u := newUser(t)
	file := u.notebook(holding(">= 0.9"))
	_, said := u.loci(exitError, "run", file, "--target", "nowhere")
	wantWords(t, said, `no target "nowhere"`, "loci target add nowhere --ssh")
	_, said = u.loci(exitError, "run", file, "--leave")
	wantWords(t, said, "--leave is for runs that a target carries out")
}
