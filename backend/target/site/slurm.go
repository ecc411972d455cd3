package site

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/target"
	"github.com/loci-lab/loci/backend/target/shell"
)

// Slurm carries orders out as job arrays of a Slurm cluster, a task a run. Its folder must be one that all nodes see.
type Slurm struct {
	folder
	ask Ask
}

// Ask is what each task of an array asks the cluster for; "" and 0 leave it to the cluster's defaults.
type Ask struct {
	Partition string
	Account   string
	Time      string // as sbatch takes it: minutes, HH:MM:SS, D-HH:MM
	Memory    string // of a task: 4G
	Cores     int    // of a task
	Gres      string // gpu:1
	AtOnce    int    // tasks of an array at a time, 0 for no limit
	Before    string // lines of the job script before the worker, as `module load apptainer`
}

// NewSlurm makes a place of a shell on a machine that has sbatch.
func NewSlurm(sh shell.Shell, s Settings, ask Ask, workers Workers) *Slurm {
	return &Slurm{folder: folder{sh: sh, root: s.root(), workers: workers, wrap: s.Wrap}, ask: ask}
}

// Check does what Site.Check says. It hands a job in for trial, which Slurm refuses or forgets.
func (s *Slurm) Check(ctx context.Context, told func(target.Answer)) error {
	if err := step(told, "login", func() (string, error) { _, err := s.out(ctx, "true"); return s.sh.Title(), err }); err != nil {
		return err
	}
	if err := step(told, "slurm", func() (string, error) { return s.version(ctx) }); err != nil {
		return err
	}
	if err := step(told, "disk", func() (string, error) { return s.room(ctx) }); err != nil {
		return err
	}
	at := ""
	if err := step(told, "worker", func() (string, error) { var err error; at, err = s.worker(ctx); return "the worker is there", err }); err != nil {
		return err
	}
	if err := step(told, "machine", func() (string, error) { a, err := s.about(ctx, at); return "login node: " + said(a), err }); err != nil {
		return err
	}
	return step(told, "job", func() (string, error) { return s.trial(ctx) })
}

func (s *Slurm) version(ctx context.Context) (string, error) {
	text, err := s.out(ctx, "command -v sbatch >/dev/null || { echo none; exit 0; }; sbatch --version")
	if err != nil {
		return "", err
	}
	if text = strings.TrimSpace(text); text == "none" {
		return "", lab.Errorf(lab.Invalid, "%s has no sbatch: it is no login node of a Slurm cluster", s.sh.Title()).
			WithHint("set the login node as the target's host, or make it a target of kind ssh")
	}
	return text, nil
}

func (s *Slurm) trial(ctx context.Context) (string, error) {
	text, err := shell.Output(ctx, s.sh, fmt.Sprintf("printf '#!/bin/sh\\ntrue\\n' | sbatch --test-only %s 2>&1", s.options()), answerLimit)
	if err != nil {
		return "", s.refused(string(text), err)
	}
	return strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(string(text)), "sbatch: ")), nil
}

// refused says in words why sbatch takes no such job.
func (s *Slurm) refused(text string, err error) error {
	if lab.CodeOf(err) == lab.Unavailable && text == "" {
		return err
	}
	said := strings.TrimSpace(text)
	e := func(format string, args ...any) *lab.Error {
		return lab.Errorf(lab.Invalid, "%s: %s", fmt.Sprintf(format, args...), said)
	}
	low := strings.ToLower(said)
	switch {
	case strings.Contains(low, "invalid partition"):
		return e("Slurm knows no partition %q", s.ask.Partition).WithHint("`sinfo -s` lists the partitions; set one of them, or leave it empty for the default")
	case strings.Contains(low, "gres"), strings.Contains(low, "generic resource"):
		return e("no node has the resources %q", s.ask.Gres).WithHint("`sinfo -o '%%N %%G'` lists what nodes have; leave it empty for none")
	case strings.Contains(low, "account"):
		return e("Slurm does not take the account %q", s.ask.Account).WithHint("`sacctmgr show assoc user=$USER` lists yours")
	case strings.Contains(low, "time limit"):
		return e("Slurm does not take the time %q", s.ask.Time).WithHint("`sinfo -o '%%P %%l'` lists the longest times; write it as HH:MM:SS")
	case strings.Contains(low, "node configuration is not available"):
		return e("no node can ever do that").WithHint("ask for less memory, fewer cores or other resources")
	case strings.Contains(low, "unable to contact slurm controller"):
		return lab.Errorf(lab.Unavailable, "Slurm's controller does not answer: %s", said).WithHint("look at `scontrol ping` there, and try again later")
	}
	if said == "" {
		return s.explain(err)
	}
	return e("Slurm does not take the job").WithHint("mend the target's settings")
}

// options are the words for sbatch that say what a task asks for.
func (s *Slurm) options() string {
	var words []string
	add := func(name, value string) {
		if value != "" && value != "0" {
			words = append(words, "--"+name+"="+shell.Quote(value))
		}
	}
	add("partition", s.ask.Partition)
	add("account", s.ask.Account)
	add("time", s.ask.Time)
	add("mem", s.ask.Memory)
	add("cpus-per-task", strconv.Itoa(s.ask.Cores))
	add("gres", s.ask.Gres)
	return strings.Join(words, " ")
}

// Submit does what Site.Submit says. A cluster takes arrays of at most MaxArraySize tasks, so that a large order becomes several. Each that was
// handed in stands as a line in the order's folder, its number and its first and last run, so that it is handed in once: who asks again goes on
// behind the last line.
func (s *Slurm) Submit(ctx context.Context, o run.Order) error {
	at, err := s.worker(ctx)
	if err != nil {
		return err
	}
	if err := s.send(ctx, o); err != nil {
		return err
	}
	job := fmt.Sprintf("#!/bin/sh\n%s\nexec %s\n", s.ask.Before, s.work(at, "run", o.ID, `--only "$((SLURM_ARRAY_TASK_ID + $1))"`))
	script := fmt.Sprintf(`cd %s && cat > job.sh || exit 1
m=$(scontrol show config 2>/dev/null | awk '$1=="MaxArraySize"{print $3}'); [ "${m:-0}" -gt 0 ] || m=1001
n=%d; l=%d; a=$(( (n + m - 1) / m )); [ $l -eq 0 ] || l=%%$(( (l + a - 1) / a )); [ "$l" != 0 ] || l=
from=$(awk 'END{print (NR ? $3+1 : 0)}' job 2>/dev/null); from=${from:-0}
while [ $from -lt $n ] && [ ! -e cancelled ]; do
last=$((n-1)); [ $((last-from)) -lt $m ] || last=$((from+m-1))
sbatch --parsable --requeue --open-mode=append --job-name=loci-%s --array=0-$((last-from))$l --output="$PWD/task-$from-%%a.log" %s job.sh $from > part.$$ 2> said.$$ || { cat said.$$ >&2; rm -f part.$$ said.$$; exit 7; }
echo "$(cut -d';' -f1 < part.$$) $from $last" >> job; rm -f part.$$ said.$$; from=$((last+1)); done
[ ! -e cancelled ] || [ ! -s job ] || scancel $(cut -d' ' -f1 job)`, s.path("orders", o.ID), len(o.Runs), s.ask.AtOnce, o.ID, s.options())
	err = s.sh.Run(ctx, script, strings.NewReader(job), nil)
	if e, ok := err.(*shell.Exit); ok && e.Status == 7 {
		return s.refused(e.Stderr, err)
	}
	return s.explain(err)
}

// Look does what Site.Look says.
func (s *Slurm) Look(ctx context.Context, o run.Order) (Sight, error) {
	text, err := s.told(ctx, o, fmt.Sprintf(`cd %s 2>/dev/null || { echo missing; exit 0; }
if [ -s job ]; then sed 's/^/job /' job; squeue -h -r -j "$(cut -d' ' -f1 job | paste -sd, -)" -o 'task %%i|%%T|%%r|%%N' 2>said.$$ || { grep -qi 'invalid job id' said.$$ || { cat said.$$ >&2; rm -f said.$$; exit 5; }; }; rm -f said.$$; fi
%s`, s.path("orders", o.ID), s.records()))
	if err != nil {
		return Sight{}, err
	}
	sight, order, first := fresh(o, Gone, ""), keys(o), map[string]int{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "missing" {
			return Sight{}, missing(s.sh.Title(), o.ID)
		}
		if job, ok := strings.CutPrefix(line, "job "); ok {
			if parts := strings.Fields(job); len(parts) == 3 {
				first[parts[0]], _ = strconv.Atoi(parts[1]) // Submit wrote a number
				sight.Job = strings.TrimSpace(sight.Job + " " + parts[0])
			}
		} else if task, ok := strings.CutPrefix(line, "task "); ok {
			sight.task(task, order, first)
		} else {
			sight.note(line)
		}
	}
	return sight, nil
}

var taskNumber = regexp.MustCompile(`^(\d+)_(\d+)$`)

// task takes a line of squeue: JOB_INDEX|STATE|REASON|NODES. first is the number of the run that index 0 of a job is.
func (s *Sight) task(line string, keys []string, first map[string]int) {
	parts := strings.Split(line, "|")
	m := taskNumber.FindStringSubmatch(parts[0])
	if len(parts) < 3 || m == nil {
		return
	}
	from, known := first[m[1]]
	i, err := strconv.Atoi(m[2])
	if i += from; err != nil || !known || i >= len(keys) {
		return
	}
	seen := s.Runs[keys[i]]
	seen.State, seen.Why = slurmState(parts[1], parts[2])
	if len(parts) > 3 && parts[3] != "" && seen.State == Running {
		seen.Why = "on " + parts[3]
	}
	s.Runs[keys[i]] = seen
}

// slurmState turns a job state of Slurm, and the reason that it gives, into ours. A task that ends is gone when squeue no longer lists it or says so.
func slurmState(state, reason string) (string, string) {
	if reason == "None" {
		reason = ""
	}
	switch state {
	case "PENDING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT", "CONFIGURING", "SUSPENDED", "RESV_DEL_HOLD":
		return Waiting, waitsFor(reason)
	case "RUNNING", "COMPLETING", "STAGE_OUT", "SIGNALING", "STOPPED", "RESIZING":
		return Running, ""
	}
	return Gone, strings.ToLower(strings.ReplaceAll(state, "_", " "))
}

// waitsFor says the commonest reasons in words.
func waitsFor(reason string) string {
	switch reason {
	case "Resources":
		return "waits for a free node"
	case "Priority":
		return "others are before it"
	case "BeginTime":
		return "begins later: it was put back into the queue"
	case "JobArrayTaskLimit":
		return "waits for its turn"
	case "":
		return ""
	}
	return "Slurm says " + reason
}

// Cancel does what Site.Cancel says.
func (s *Slurm) Cancel(ctx context.Context, o run.Order) error {
	_, err := s.out(ctx, `mkdir -p %[1]s && cd %[1]s && : > cancelled; [ -s job ] || exit 0; j=$(cut -d' ' -f1 job)
scancel $j 2>/dev/null; j=$(echo "$j" | paste -sd, -); i=0; while [ $i -lt 120 ] && [ -n "$(squeue -h -j "$j" 2>/dev/null)" ]; do sleep 0.5; i=$((i+1)); done; exit 0`, s.path("orders", o.ID))
	return err
}
