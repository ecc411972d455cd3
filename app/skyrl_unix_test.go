//go:build unix

package app

import (
	"os"
	"path/filepath"
	"testing"
)

// The real SkyRL, on the processor, by the commands that a person gives: started on the warm start of a notebook, tried, used for the whole
// notebook and ended. SkyRL computes other last bits than Loci does, so that only what must be so is wanted of the numbers: that it samples,
// trains and is counted.
func TestTargetSkyRLTrainsANotebookForReal(t *testing.T) {
	bin, out := os.Getenv("LOCI_TEST_SKYRL"), os.Getenv("LOCI_TEST_SKYRL_OUT")
	if bin == "" {
		t.Skip("LOCI_TEST_SKYRL names no folder with uv; `build/skyrl` sets it")
	}
	k := newKeeper(t)
	file := filepath.Join("..", "experiments", "delethink.md")
	pick := []string{"run", file, "--budget", "fast", "--arm", "delethink", "--seeds", "0"}
	said, _ := k.send(exitOK, "", pick...) // which leaves the warm start as a folder
	t.Log("here:\n" + said)
	starts, err := filepath.Glob(filepath.Join(k.home, "bases", "base-*", "config.json"))
	if err != nil || len(starts) != 1 {
		t.Fatalf("warm starts are %v, %v", starts, err)
	}
	k.send(exitOK, "", "target", "add", "there", "--computer", "--set=folder="+os.Getenv("LOCI_TEST_SKYRL_ROOT"))
	t.Cleanup(func() { k.send(exitOK, "", "target", "stop", "cpu") })
	said, text := k.send(exitOK, "", "target", "start", "skyrl", "--on", "there", "--bin", bin, "--model", filepath.Dir(starts[0]), "--cards", "0", "--name", "cpu", "--rank", "16", "--wait", "30m")
	t.Log(said + text)
	defer func() {
		log, _ := k.send(exitOK, "", "target", "log", "cpu", "--lines", "5000")
		if err := os.WriteFile(filepath.Join(out, "skyrl.log"), []byte(log), 0o600); err != nil {
			t.Error(err)
		}
	}()
	said, text = k.send(exitOK, "", "target", "test", "cpu")
	t.Log(said + text)
	wantWords(t, said, "profile skyrl-jax", "sampler and trainer differ by", "the weights moved", "the model is unloaded")
	said, text = k.send(exitOK, "", append(pick, "--model", "service cpu")...)
	t.Log(said + text)
	wantWords(t, said, "AT THE SERVICE", "not told", "no price")
}
