package site

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/target"
	"github.com/loci-lab/loci/backend/target/shell"
)

// Detached carries orders out by processes of their own that go on when the connection is lost.
type Detached struct {
	folder
	gpus string // for CUDA_VISIBLE_DEVICES; "" says nothing about it
	want bool   // a GPU must be there
}

// Settings are what all kinds with a shell can be told.
type Settings struct {
	Root string // folder of the workers; "" is Root
	GPUs string // which GPUs a run may see, as CUDA_VISIBLE_DEVICES wants them; "" for no word on it
	Wrap string // begins each command of a worker
}

func (s Settings) root() string {
	if s.Root == "" {
		return Root
	}
	return strings.TrimRight(s.Root, "/")
}

// NewDetached makes a place of a shell.
func NewDetached(sh shell.Shell, s Settings, workers Workers) *Detached {
	return &Detached{folder: folder{sh: sh, root: s.root(), workers: workers, wrap: s.Wrap}, gpus: s.GPUs, want: s.GPUs != ""}
}

// Check does what Site.Check says.
func (d *Detached) Check(ctx context.Context, told func(target.Answer)) error {
	if err := step(told, "login", func() (string, error) { _, err := d.out(ctx, "true"); return d.sh.Title(), err }); err != nil {
		return err
	}
	if err := step(told, "disk", func() (string, error) { return d.room(ctx) }); err != nil {
		return err
	}
	at := ""
	if err := step(told, "worker", func() (string, error) { var err error; at, err = d.worker(ctx); return "the worker is there", err }); err != nil {
		return err
	}
	return step(told, "machine", func() (string, error) {
		a, err := d.about(ctx, at)
		if err != nil {
			return "", err
		}
		return said(a), d.gpu(a)
	})
}

func said(a run.About) string {
	text := fmt.Sprintf("%s, kernel %s", a.Machine, strings.Join(a.Kernels[:min(1, len(a.Kernels))], ""))
	if len(a.GPUs) > 0 {
		text += "; " + strings.Join(a.GPUs, "; ")
	}
	return text
}

func (d *Detached) gpu(a run.About) error {
	if d.want && len(a.GPUs) == 0 {
		return lab.Errorf(lab.Invalid, "%s has no GPU that NVIDIA's driver lists, but the target asks for %s", d.sh.Title(), d.gpus).
			WithHint("leave the GPUs of the target empty, or look what `nvidia-smi` says there")
	}
	return nil
}

// Submit does what Site.Submit says.
func (d *Detached) Submit(ctx context.Context, o run.Order) error {
	at, err := d.worker(ctx)
	if err != nil {
		return err
	}
	if err := d.send(ctx, o); err != nil {
		return err
	}
	set := ""
	if d.gpus != "" {
		set = "CUDA_VISIBLE_DEVICES=" + shell.Quote(d.gpus) + " "
	}
	_, err = d.out(ctx, "%s%s", set, d.work(at, "start", o.ID, ""))
	return err
}

// alive is the part of a script that sets p to the number of an order's process, "" when it is over. A number that another process has by now
// does not count: its command names another order.
func (d *Detached) alive(id string) string {
	return fmt.Sprintf(`p=$(cat %[1]s/pid 2>/dev/null); if [ -n "$p" ]; then { tr '\0' ' ' < /proc/$p/cmdline 2>/dev/null || ps -o args= -p "$p" 2>/dev/null; } | grep -qF %[2]s || p=; fi`, d.path("orders", id), shell.Quote(id))
}

// Look does what Site.Look says.
func (d *Detached) Look(ctx context.Context, o run.Order) (Sight, error) {
	text, err := d.told(ctx, o, fmt.Sprintf("[ -d %s ] || { echo missing; exit 0; }; %s; echo \"process $p\"; %s", d.path("orders", o.ID), d.alive(o.ID), d.records()))
	if err != nil {
		return Sight{}, err
	}
	s := fresh(o, Gone, "")
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch p, is := strings.CutPrefix(line, "process"); {
		case line == "missing":
			return Sight{}, missing(d.sh.Title(), o.ID)
		case is:
			if s.Job = strings.TrimSpace(p); s.Job != "" {
				s.all(Running)
			}
		default:
			s.note(line)
		}
	}
	return s, nil
}

// all sets the state of each run.
func (s *Sight) all(state string) {
	for k, seen := range s.Runs {
		seen.State = state
		s.Runs[k] = seen
	}
}

// Cancel does what Site.Cancel says. The process group has ten seconds to write its records down.
func (d *Detached) Cancel(ctx context.Context, o run.Order) error {
	var nothing bytes.Buffer
	// The form of kill that every shell understands, also for groups.
	script := fmt.Sprintf(`mkdir -p %[1]s; : > %[1]s/cancelled; %[2]s; [ -n "$p" ] || exit 0
kill -s TERM -- -$p; i=0
while [ $i -lt 100 ] && kill -s 0 -- -$p 2>/dev/null; do sleep 0.1; i=$((i+1)); done
kill -s 0 -- -$p 2>/dev/null || exit 0
kill -s KILL -- -$p; sleep 0.2; ! kill -s 0 -- -$p 2>/dev/null`, d.path("orders", o.ID), d.alive(o.ID))
	return d.explain(d.sh.Run(ctx, script, nil, &nothing))
}
