package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/target"
	"github.com/loci-lab/loci/backend/target/shell"
	"github.com/loci-lab/loci/backend/target/site"
)

// siteFinder finds the targets of the data folder that carry runs out.
func (c *cli) siteFinder(ctx context.Context, secrets lab.Secrets) func(name string) (sched.Elsewhere, error) {
	return func(name string) (sched.Elsewhere, error) {
		all, err := target.Read(c.targetsPath())
		if err != nil {
			return sched.Elsewhere{}, err
		}
		m, err := all.Machine(name)
		if err != nil {
			return sched.Elsewhere{}, err
		}
		return c.site(ctx, secrets, m)
	}
}

// site makes the place that a machine is. Nothing is connected yet.
func (c *cli) site(ctx context.Context, secrets lab.Secrets, m target.Machine) (sched.Elsewhere, error) {
	there := sched.Elsewhere{Kind: m.Kind, AtOnce: max(m.Whole("jobs"), 1), Threads: max(m.Whole("threads"), 1), Kernel: m.Value("kernel")}
	if m.Kind == target.Ray {
		key, err := optionalSecret(ctx, secrets, m.Value("secret"))
		need := site.Need{CPUs: m.Number("cpus"), GPUs: m.Number("gpus"), Arch: m.Value("arch")}
		there.Site = site.NewRay(m.Value("url"), key, need, worker)
		return there, err
	}
	set := site.Settings{Root: m.Value("folder"), GPUs: m.Value("gpus"), Wrap: m.Value("wrap")}
	if m.Kind == target.Computer && set.Root == "" {
		set.Root = filepath.Join(c.cfg.Home, "worker")
	}
	sh, err := c.shellOf(ctx, secrets, m)
	if err != nil {
		return there, err
	}
	if m.Kind != target.Slurm {
		there.Site = site.NewDetached(sh, set, worker)
		return there, nil
	}
	there.Site = site.NewSlurm(sh, set, site.Ask{Partition: m.Value("partition"), Account: m.Value("account"), Time: m.Value("time"), Memory: m.Value("memory"),
		Cores: m.Whole("cores"), Gres: m.Value("gres"), AtOnce: m.Whole("jobs"), Before: m.Value("before")}, worker)
	return there, nil
}

// shellOf is the shell of a machine: here, or over SSH.
func (c *cli) shellOf(ctx context.Context, secrets lab.Secrets, m target.Machine) (shell.Shell, error) {
	name := m.Value("host")
	if name == "" {
		return shell.Local{}, nil
	}
	host := shell.Host{User: m.Value("user"), Name: name, Port: m.Whole("port"), Key: m.Value("key"), HostKey: m.Value("host-key")}
	if text := m.Value("jump"); text != "" {
		jump, err := parseHost(text)
		if err != nil {
			return nil, err
		}
		host.Jump = &jump
	}
	return shell.Dial(host, shell.Options{Agent: os.Getenv("SSH_AUTH_SOCK"), Passphrase: func(string) (lab.Secret, error) {
		return optionalSecret(ctx, secrets, m.Value("secret"))
	}}), nil
}

func optionalSecret(ctx context.Context, secrets lab.Secrets, name string) (lab.Secret, error) {
	if name == "" {
		return lab.Secret{}, nil
	}
	return secrets.Get(ctx, name)
}

// parseHost reads USER@HOST:PORT; user and port may be left out.
func parseHost(text string) (shell.Host, error) {
	var h shell.Host
	rest := text
	if user, after, ok := strings.Cut(rest, "@"); ok {
		h.User, rest = user, after
	}
	h.Name = rest
	if i := strings.LastIndex(rest, ":"); i >= 0 && strings.Count(rest, ":") == 1 {
		port, err := strconv.Atoi(rest[i+1:])
		if err != nil || port < 1 || port > 65535 {
			return h, lab.Errorf(lab.Invalid, "the port in %.100q is none, want 1 to 65535", text).WithHint("write USER@HOST:PORT")
		}
		h.Name, h.Port = rest[:i], port
	}
	if h.Name == "" {
		return h, lab.Errorf(lab.Invalid, "%.100q names no host", text).WithHint("write USER@HOST:PORT; user and port may be left out")
	}
	return h, nil
}

// worker finds the program that carries runs out on a platform: in LOCI_WORKERS, beside this program, or where the package puts it.
func worker(goos, arch string) (string, error) {
	name := "worker-" + goos + "-" + arch
	var folders []string
	if f := os.Getenv("LOCI_WORKERS"); f != "" {
		folders = append(folders, f)
	}
	if self, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(self); err == nil {
			self = real
		}
		dir := filepath.Dir(self)
		folders = append(folders, filepath.Join(dir, "workers"), filepath.Join(dir, "..", "lib", "loci", "workers"))
	}
	for _, f := range folders {
		path := filepath.Join(f, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, nil
		}
	}
	e := lab.Errorf(lab.NotFound, "there is no worker for %s on %s beside this program", goos, arch)
	if goos == runtime.GOOS && arch == runtime.GOARCH {
		return "", e.WithHint("`make build` makes it, and LOCI_WORKERS names another folder for it")
	}
	return "", e.WithHint("`make workers` makes those of Linux and macOS; another is made by GOOS=%s GOARCH=%s CGO_ENABLED=0 go build -o bin/workers/%s ./app/worker", goos, arch, name)
}

// machineSteps tests a machine.
func (c *cli) machineSteps(ctx context.Context, secrets lab.Secrets, m target.Machine, told func(target.Answer)) error {
	there, err := c.site(ctx, secrets, m)
	if err != nil {
		return err
	}
	err = there.Check(ctx, told)
	if closed := there.Close(); err == nil {
		err = closed
	}
	return err
}

// machineTest is `loci target test` of a machine.
func (c *cli) machineTest(ctx context.Context, m target.Machine) error {
	var answers []target.Answer
	err := c.machineSteps(ctx, c.secrets(), m, func(a target.Answer) { answers = append(answers, a) })
	c.answers(answers)
	if err != nil {
		return err
	}
	if c.json {
		return c.print(map[string]any{"type": "test", "name": m.Name, "kind": m.Kind, "answers": answers})
	}
	fmt.Fprintf(c.err, "%s can carry runs out: `loci run NOTEBOOK --target %s`.\n", m.Name, m.Name)
	return nil
}

// machineLine is what --json prints of a machine.
func machineLine(m target.Machine) map[string]any {
	line := map[string]any{"type": "target", "kind": m.Kind, "name": m.Name, "address": m.Address()}
	for k, v := range m.Values {
		line[strings.ReplaceAll(k, "-", "_")] = v
	}
	return line
}

// machineSettings are the settings of a machine in a line.
func machineSettings(m target.Machine) string {
	var parts []string
	for _, f := range target.FieldsOf(m.Kind) {
		if v := m.Values[f.Name]; v != "" && f.Name != "host" && f.Name != "user" && f.Name != "port" && f.Name != "url" && f.Name != "secret" {
			parts = append(parts, f.Name+" "+strings.ReplaceAll(v, "\n", "; "))
		}
	}
	return strings.Join(parts, ", ")
}
