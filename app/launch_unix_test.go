//go:build unix

package app

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/target"
)

// scripted makes a folder with a program of that name that is a script.
func scripted(t *testing.T, folder, name, script string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// lociFolder has a program loci that is this one.
func lociFolder(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	scripted(t, dir, "loci", `IFS=$(printf '\037'); `+asLoci+`="$*"; export `+asLoci+`; exec '`+self+`' -test.run='^TestLociItself$'`)
	return dir
}

// places are the machines on which services can be started here, each as the words that add it; "here" needs none.
func places(t *testing.T) map[string][]string {
	all := map[string][]string{"here": nil}
	for kind, words := range kinds(t) {
		if kind != "ray" { // where Loci's engine cannot be started, because it asks for a key
			all[kind] = words
		}
	}
	return all
}

// strays lists the processes that a service has left anywhere.
func strays(t *testing.T, id string) []string {
	t.Helper()
	return processesWhose(t, "environ", func(text string) bool { return strings.Contains(text, "LOCI_SERVICE="+id) })
}

func (k *keeper) started(name string) string {
	k.t.Helper()
	all, err := target.Read(filepath.Join(k.home, target.FileName))
	if err != nil {
		k.t.Fatal(err)
	}
	s, err := all.Service(name)
	if err != nil || s.Launch == nil {
		k.t.Fatalf("%+v, %v", s, err)
	}
	return s.Launch.Started
}

// A real server is started, reached, used by a run and ended, on each kind of machine that is here: SSH through a tunnel over its connection.
func TestTargetServiceIsStartedUsedAndStopped(t *testing.T) {
	bin := lociFolder(t)
	for kind, words := range places(t) {
		t.Run(kind, func(t *testing.T) {
			k := newKeeper(t)
			on := "here"
			if words != nil {
				k.send(exitOK, "", append([]string{"target", "add", "there"}, words...)...)
				on = "there"
			}
			out, text := k.send(exitOK, "", "target", "start", "loci", "--on", on, "--bin", bin, "--name", "gpu", "--rank", "4")
			wantWords(t, out, "loci", "disk", "launch", "Loci's engine is begun", "answer")
			wantWords(t, text, "Service gpu runs")
			id := k.started("gpu")
			t.Cleanup(func() { // should a check below fail
				if len(strays(t, id)) > 0 {
					k.send(exitOK, "", "target", "stop", "gpu")
				}
			})
			out, _ = k.send(exitOK, "", "target", "test", "gpu")
			wantWords(t, out, "process", "it runs on "+on, "gradient", "the model is unloaded")
			out, text = k.send(exitOK, "", "target", "log", "gpu")
			wantWords(t, text, "gpu: running")
			wantWords(t, out, "export TINKER_BASE_URL=")
			_, text = k.send(exitError, "", "target", "remove", "gpu")
			wantWords(t, text, "was started on "+on, "do: loci target stop gpu")
			out, _ = k.send(exitOK, "", "target", "start", "gpu")
			wantWords(t, out, "answer")
			if again := k.started("gpu"); again != id {
				t.Errorf("it was started a second time, as %s", again)
			}
			if key := k.get("gpu"); strings.Contains(k.said.String(), key) {
				t.Error("the key of the service was printed by a command")
			}
			k.send(exitOK, "", "target", "stop", "gpu")
			if left := strays(t, id); len(left) > 0 {
				t.Errorf("processes are left: %q", left)
			}
			for _, w := range append([]string{"--set=folder=" + filepath.Join(k.home, "worker")}, words...) {
				if folder, ok := strings.CutPrefix(w, "--set=folder="); ok {
					if left, _ := os.ReadDir(filepath.Join(folder, "services")); len(left) > 0 {
						t.Errorf("%s is left", left[0].Name())
					}
				}
			}
			_, text = k.send(exitError, "", "target", "test", "gpu")
			wantWords(t, text, `"gpu" is not started`, "do: `loci target start gpu`")
			k.send(exitOK, "", "target", "remove", "gpu")
		})
	}
}

func TestTargetServiceThatIsKilledIsToldAndStartedAgainWithWhatItKept(t *testing.T) {
	k := newKeeper(t)
	k.send(exitOK, "", "target", "start", "loci", "--bin", lociFolder(t), "--name", "gpu")
	id := k.started("gpu")
	folder := filepath.Join(k.home, "worker", "services", id)
	if err := os.WriteFile(filepath.Join(folder, "checkpoints", "kept"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range strays(t, id) {
		if out, err := exec.CommandContext(t.Context(), "kill", "-9", p).CombinedOutput(); err != nil {
			t.Logf("%v: %s", err, out)
		}
	}
	_, text := k.send(exitError, "", "target", "test", "gpu")
	wantWords(t, text, `"gpu" has ended`, "loci target start gpu")
	k.send(exitOK, "", "target", "start", "gpu")
	k.send(exitOK, "", "target", "stop", "gpu", "--keep")
	if left := strays(t, id); len(left) > 0 {
		t.Errorf("processes are left: %q", left)
	}
	if _, err := os.Stat(filepath.Join(folder, "checkpoints", "kept")); err != nil {
		t.Error(err)
	}
	k.send(exitOK, "", "target", "start", "gpu")
	k.send(exitOK, "", "target", "stop", "gpu")
	if _, err := os.Stat(folder); err == nil {
		t.Error("the folder is left")
	}
}

// fakeSkyRL is a folder with a uv that answers as SkyRL does, and notes how it was called.
func fakeSkyRL(t *testing.T) (bin, model string) {
	t.Helper()
	bin, model = t.TempDir(), t.TempDir()
	for _, name := range []string{"config.json", "model.safetensors"} {
		if err := os.WriteFile(filepath.Join(model, name), []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	scripted(t, bin, "uv", `case "$1" in
--version) echo "uv 0.0.1"; exit 0;;
python) echo /usr/bin/python3; exit 0;;
esac
case "$MODE" in dies) echo "no such model" >&2; exit 5;; esac
printf '%s\n' "$@"
sh -c 'sleep 1000' &
while [ "$1" != --port ]; do shift; done
exec '`+bin+`/answers' "$2"`)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	scripted(t, bin, "answers", `LOCI_TEST_ANSWERS=127.0.0.1:$1 exec '`+self+`' -test.run='^TestSkyRLThatAnswers$'`)
	return bin, model
}

func TestSkyRLThatAnswers(t *testing.T) {
	at, ok := os.LookupEnv("LOCI_TEST_ANSWERS")
	if !ok {
		t.Skip("is a server where another test starts it")
	}
	l, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 15\r\nConnection: close\r\n\r\n{\"status\":\"ok\"}")
		_ = c.Close()
	}
}

func TestTargetSkyRLIsCalledAsItWantsToBe(t *testing.T) {
	bin, model := fakeSkyRL(t)
	k := newKeeper(t)
	out, _ := k.send(exitOK, "", "target", "start", "skyrl", "--bin", bin, "--model", model, "--cards", "0", "--name", "cpu", "--config", `{"max_lora_adapters":2}`)
	wantWords(t, out, "uv 0.0.1", "python", "base model", "SkyRL "+target.SkyRLVersion+" is begun")
	id := k.started("cpu")
	out, _ = k.send(exitOK, "", "target", "log", "cpu")
	folder := filepath.Join(k.home, "worker")
	wantWords(t, out, "run\n--project\n"+folder+"/python/skyrl-"+target.SkyRLVersion+"\n--extra\ntinker\n--extra\njax\n-m\nskyrl.tinker.api\n--host\n127.0.0.1\n--port\n",
		"--base-model\n"+model+"\n--backend\njax\n--backend-config\n"+`{"max_lora_adapters":2,"max_lora_rank":32}`+"\n",
		"--checkpoints-base\n"+folder+"/services/"+id+"/checkpoints\n--database-url\nsqlite:///"+folder+"/services/"+id+"/tinker.db")
	if text, err := os.ReadFile(filepath.Join(folder, "python", "skyrl-"+target.SkyRLVersion, "pyproject.toml")); err != nil || !strings.Contains(string(text), "skyrl[jax]=="+target.SkyRLVersion) {
		t.Errorf("%s, %v", text, err)
	}
	if n := len(strays(t, id)); n < 3 {
		t.Errorf("%d processes, want the script, the server and what it started beside", n)
	}
	k.send(exitOK, "", "target", "stop", "cpu")
	if left := strays(t, id); len(left) > 0 {
		t.Errorf("processes are left: %q", left)
	}
}

func TestTargetServiceOnARayClusterIsStartedSeenAndStopped(t *testing.T) {
	at := needs(t, "LOCI_TEST_RAY")
	bin, model := fakeSkyRL(t)
	k := newKeeper(t)
	k.send(exitOK, "", "target", "add", "there", "--ray", at)
	out, text := k.send(exitOK, "", "target", "start", "skyrl", "--on", "there", "--bin", bin, "--model", model, "--cards", "0", "--name", "gpu")
	wantWords(t, out, "a job of 1 CPUs and 0 GPUs", "SkyRL "+target.SkyRLVersion+" is begun", "it answers at")
	wantWords(t, text, "Service gpu runs")
	id := k.started("gpu")
	out, _ = k.send(exitOK, "", "target", "log", "gpu")
	wantWords(t, out, "--base-model\n"+model+"\n")
	if n := len(strays(t, id)); n < 3 {
		t.Errorf("%d processes, want the script, the server and what it started beside", n)
	}
	k.send(exitOK, "", "target", "stop", "gpu")
	if left := strays(t, id); len(left) > 0 {
		t.Errorf("processes are left: %q", left)
	}
}

func TestTargetServiceThatCannotBeStartedIsToldWhy(t *testing.T) {
	bin, model := fakeSkyRL(t)
	empty, half := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(half, "config.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	nothing := t.TempDir()
	scripted(t, nothing, "uv", "exit 1")
	scripted(t, nothing, "loci", "exit 1")
	old := t.TempDir()
	scripted(t, old, "uv", `case "$1" in --version) echo "uv 0.0.1";; *) exit 2;; esac`)
	driver := func(version string) string {
		dir := t.TempDir()
		scripted(t, dir, "uv", `exec '`+bin+`/uv' "$@"`)
		scripted(t, dir, "nvidia-smi", `echo "A card, `+version+`, 1000 MiB"`)
		return dir
	}
	for _, c := range []struct {
		name  string
		words []string
		says  []string
	}{
		{"no uv", []string{"skyrl", "--bin", nothing, "--model", model, "--cards", "0"}, []string{"has no uv", "--bin"}},
		{"no Python", []string{"skyrl", "--bin", old, "--model", model, "--cards", "0"}, []string{"uv finds no Python", "uv python install"}},
		{"no base model", []string{"skyrl", "--bin", bin, "--model", "/no/such/model", "--cards", "0"}, []string{`has no folder "/no/such/model"`, "--model"}},
		{"a folder that is no model", []string{"skyrl", "--bin", bin, "--model", empty, "--cards", "0"}, []string{"has no config.json"}},
		{"a model without weights", []string{"skyrl", "--bin", bin, "--model", half, "--cards", "0"}, []string{"has no weights"}},
		{"an old driver", []string{"skyrl", "--bin", driver("470.1"), "--model", model}, []string{"is 470.1", "580 or newer"}},
		{"too few cards", []string{"skyrl", "--bin", driver("590.1"), "--model", model, "--cards", "2"}, []string{"has 1 graphics cards, and 2 are asked for", "--cards 1"}},
		{"no loci there", []string{"loci", "--bin", nothing}, []string{"has no program loci"}},
		{"no model named", []string{"skyrl", "--bin", bin}, []string{"wants a base model", "--model"}},
		{"a back end that it has not", []string{"skyrl", "--model", model, "--backend", "torch"}, []string{`"torch"`, `"fsdp"`}},
		{"a back end that wants a card", []string{"skyrl", "--model", model, "--backend", "fsdp", "--cards", "0"}, []string{"wants a graphics card"}},
		{"a back end that wants a checkout", []string{"skyrl", "--model", model, "--backend", "fsdp"}, []string{"--checkout"}},
		{"a configuration that is none", []string{"skyrl", "--model", model, "--config", "{"}, []string{"want a JSON object"}},
		{"a flag of the other", []string{"loci", "--cards", "2"}, []string{"--cards is of SkyRL"}},
		{"a machine that is not there", []string{"loci", "--on", "nowhere"}, []string{`no target "nowhere"`}},
		{"a target that Loci does not start", []string{"far"}, []string{"was not started by Loci"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newKeeper(t)
			k.send(exitOK, "", "target", "add", "far", "--service", "https://h")
			_, text := k.send(exitError, "", append([]string{"target", "start"}, c.words...)...)
			wantWords(t, text, append(c.says, "   do: ")...)
			all, err := target.Read(filepath.Join(k.home, target.FileName))
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range all.Services {
				if s.Launch != nil && s.Launch.Started != "" {
					t.Errorf("%s was started", s.Name)
				}
			}
		})
	}
}

func TestTargetServiceThatDiesWhileItStartsIsToldWithItsLastWords(t *testing.T) {
	bin, model := fakeSkyRL(t)
	t.Setenv("MODE", "dies")
	k := newKeeper(t)
	began := time.Now()
	_, text := k.send(exitError, "", "target", "start", "skyrl", "--bin", bin, "--model", model, "--cards", "0", "--name", "cpu")
	wantWords(t, text, `"cpu" has ended: it ended with status 5`, "no such model", "loci target log cpu")
	if took := time.Since(began); took > time.Minute {
		t.Errorf("that took %v", took)
	}
	k.send(exitOK, "", "target", "stop", "cpu")
}
