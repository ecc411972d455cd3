package site

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/target"
	"github.com/loci-lab/loci/backend/target/shell"
)

// noSetsid is the status of a script that found no way to begin a session of its own.
const noSetsid = 9

// Ready does what Host.Ready says.
func (d *Detached) Ready(ctx context.Context, s target.Start, told func(target.Answer)) error {
	return d.prepare(ctx, s, true, told)
}

// Serve does what Host.Serve says: the service is the leader of a session of its own, and goes on when the connection is lost.
func (d *Detached) Serve(ctx context.Context, id string, s target.Start, key lab.Secret) error {
	if v, err := d.Serving(ctx, id, 1); err == nil && v.State == Running {
		return nil
	}
	dir := d.serviceFolder(id)
	if err := d.lay(ctx, id, launch(shell.Home(d.root), dir, id, d.gpus, "127.0.0.1", "127.0.0.1", s), s, key); err != nil {
		return err
	}
	script := fmt.Sprintf(`cd %[1]s && command -v setsid >/dev/null || exit %[2]d; : > %[3]s; setsid %[4]s sh %[1]s/%[5]s >> %[3]s 2>&1 < /dev/null & 
i=0; while [ $i -lt 50 ] && [ ! -s %[1]s/pid ]; do sleep 0.1; i=$((i+1)); done; exit 0`, dir, noSetsid, serveLog, d.wrap, launchFile)
	err := d.sh.Run(ctx, script, nil, nil)
	if e, ok := errors.AsType[*shell.Exit](err); ok && e.Status == noSetsid {
		return lab.Errorf(lab.Invalid, "%s has no program setsid, without which a service does not outlive the connection", d.sh.Title()).WithHint("services are started on Linux; install util-linux there")
	}
	return d.explain(err)
}

// serving is the part of a script that sets p to the number of a service's process, "" when it is over.
func (d *Detached) serving(id string) string {
	return fmt.Sprintf(`p=$(cat %[1]s/pid 2>/dev/null); if [ -n "$p" ]; then tr '\0' ' ' < /proc/$p/cmdline 2>/dev/null | grep -qF %[2]s || p=; fi`, d.serviceFolder(id), shell.Quote(id))
}

// Serving does what Host.Serving says.
func (d *Detached) Serving(ctx context.Context, id string, lines int) (Serving, error) {
	text, err := d.out(ctx, "cd %s 2>/dev/null || { echo missing; exit 0; }\n%s; echo \"process $p\"\n%s", d.serviceFolder(id), d.serving(id), report(lines))
	if err != nil {
		return Serving{}, err
	}
	v := Serving{State: Gone}
	if strings.TrimSpace(text) == "missing" {
		return v, d.gone(id)
	}
	v.read(text, func(line string) {
		if p, ok := strings.CutPrefix(line, "process "); ok && p != "" {
			v.State = Running
		}
	})
	return v, nil
}

// End does what Host.End says. The processes have ten seconds to end by themselves.
func (d *Detached) End(ctx context.Context, id string, keep bool) error {
	_, err := d.out(ctx, `[ -d %[1]s ] || exit 0
: > %[1]s/cancelled; %[2]s
if [ -n "$p" ]; then kill -s TERM -- -$p 2>/dev/null; i=0
while [ $i -lt 100 ] && kill -s 0 -- -$p 2>/dev/null; do sleep 0.1; i=$((i+1)); done
kill -s KILL -- -$p 2>/dev/null; fi
%[3]s
%[4]s`, d.serviceFolder(id), d.serving(id), sweep(id), d.remove(id, keep))
	return err
}
