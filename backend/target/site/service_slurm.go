package site

import (
	"context"
	"fmt"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/target"
	"github.com/loci-lab/loci/backend/target/shell"
)

// Ready does what Host.Ready says. Graphics cards are those of the nodes: the job asks for them, and its script looks at them.
func (s *Slurm) Ready(ctx context.Context, what target.Start, told func(target.Answer)) error {
	if err := s.prepare(ctx, what, false, told); err != nil {
		return err
	}
	if err := step(told, "slurm", func() (string, error) { return s.version(ctx) }); err != nil {
		return err
	}
	return step(told, "job", func() (string, error) {
		if what.Cards > 0 && s.ask.Gres == "" {
			return "", lab.Errorf(lab.Invalid, "the service computes on %d graphics cards, and the target asks Slurm for none", what.Cards).
				WithHint("set the target's gres, for example gpu:%d", what.Cards)
		}
		return s.trial(ctx)
	})
}

// Serve does what Host.Serve says: the service is a job. It listens on the node's own addresses, because the login node must reach it.
func (s *Slurm) Serve(ctx context.Context, id string, what target.Start, key lab.Secret) error {
	if v, err := s.Serving(ctx, id, 1); err == nil && v.State != Gone {
		return nil
	}
	dir := s.serviceFolder(id)
	script := launch(shell.Home(s.root), dir, id, "", "0.0.0.0", `"$(hostname)"`, what)
	if before := strings.TrimSpace(s.ask.Before); before != "" {
		script = strings.Replace(script, "\n", "\n"+before+"\n", 1)
	}
	if err := s.lay(ctx, id, script, what, key); err != nil {
		return err
	}
	err := s.sh.Run(ctx, fmt.Sprintf(`cd %s && : > %s && sbatch --parsable --no-requeue --job-name=%s --output="$PWD/%s" %s %s > part.$$ 2> said.$$ || { cat said.$$ >&2; rm -f part.$$ said.$$; exit 7; }
cut -d';' -f1 < part.$$ > job; rm -f part.$$ said.$$; [ ! -e cancelled ] || scancel "$(cat job)"`, dir, serveLog, shell.Quote(id), serveLog, s.options(), launchFile), nil, nil)
	if e, ok := err.(*shell.Exit); ok && e.Status == 7 {
		return s.refused(e.Stderr, err)
	}
	return s.explain(err)
}

// Serving does what Host.Serving says.
func (s *Slurm) Serving(ctx context.Context, id string, lines int) (Serving, error) {
	text, err := s.out(ctx, `cd %s 2>/dev/null || { echo missing; exit 0; }
j=$(cat job 2>/dev/null); if [ -n "$j" ]; then squeue -h -j "$j" -o 'job %%T|%%r|%%N' 2>said.$$ || { grep -qi 'invalid job id' said.$$ || { cat said.$$ >&2; rm -f said.$$; exit 5; }; }; rm -f said.$$; fi
%s`, s.serviceFolder(id), report(lines))
	if err != nil {
		return Serving{}, err
	}
	v := Serving{State: Gone}
	if strings.TrimSpace(text) == "missing" {
		return v, s.gone(id)
	}
	v.read(text, func(line string) {
		if job, ok := strings.CutPrefix(line, "job "); ok {
			parts := append(strings.Split(job, "|"), "", "")
			state, why := slurmState(parts[0], parts[1])
			v.State = state
			if state == Running && parts[2] != "" {
				why = "on " + parts[2]
			}
			v.Why = why
		}
	})
	return v, nil
}

// End does what Host.End says.
func (s *Slurm) End(ctx context.Context, id string, keep bool) error {
	_, err := s.out(ctx, `cd %[1]s 2>/dev/null || exit 0
: > cancelled; j=$(cat job 2>/dev/null)
if [ -n "$j" ]; then scancel "$j" 2>/dev/null; i=0; while [ $i -lt 120 ] && [ -n "$(squeue -h -j "$j" 2>/dev/null)" ]; do sleep 0.5; i=$((i+1)); done; fi
cd /; %[2]s`, s.serviceFolder(id), s.remove(id, keep))
	return err
}
